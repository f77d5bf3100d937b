// Time as the program sees it: every timer and every timestamp goes through a Clock, so that time can be real or virtual.

/** Milliseconds since the Unix epoch, on the cluster's clock. May have a fraction. */
export type Instant = number;

/** A span of time in milliseconds. */
export type Duration = number;

/** A pending call. Cancelling one that has fired, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** The cluster's wall time. */
  now(): Instant;
  /** Monotonic time since the clock was made. */
  elapsed(): Duration;
  /** Calls `fire` once, `delay` milliseconds from now (never synchronously, also for 0 or less). */
  after(delay: Duration, fire: () => void): Timer;
  /** Resolves after `delay`; rejects with the signal's reason when aborted. */
  sleep(delay: Duration, signal?: AbortSignal): Promise<void>;
}

export const milliseconds = (n: number): Duration => n;
export const seconds = (n: number): Duration => Number(n) * 1000;
export const minutes = (n: number): Duration => n * 60_000;
export const hours = (n: number): Duration => n * 3_600_000;
export const days = (n: number): Duration => n * 86_400_000;
