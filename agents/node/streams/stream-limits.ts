// How much an agent does for those who look at it, so that nobody can stop it from doing its work.

export const MOST_LOG_STREAMS = 64;
export const MOST_EXECS = 16;
/** Commands that hang in one container leave room for those in others. */
export const MOST_EXECS_OF_TASK = 4;
/** Characters of lines in one part, so that it fits a message however they are escaped. */
export const PART_CHARS = 64 * 1024;
export const PART_LINES = 500;
/** How long a line waits for others before it is sent. */
export const PART_DELAY_MS = 20;
/** Characters of stdout, and of stderr, in one answer to an exec. */
export const EXEC_OUTPUT_CHARS = 64 * 1024;
/** Each is some forks. */
export const MOST_NETWORK_LOOKS = 4;
