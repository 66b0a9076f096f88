/** Of this build, as its copies tell it. */
export const VERSION = '0.1.0';
