// What a simulated node's kubelet and system are taken to use, besides its pods.

/** In cores and bytes. */
export const ownUse = { cpu: 0.05, memory: 256 * 1024 ** 2 };
