// What is said of a scheduler configuration that cannot be used.

/** A configuration with which kube-scheduler would not start, or that asks for what is not modelled here. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
