/** The version of this build, which the bundler writes in. */
declare const CIPPO_VERSION: string | undefined;

export const version: string = typeof CIPPO_VERSION === "string" ? CIPPO_VERSION : "0.0.0-source";
