/** The version of this build comes out; the bundler writes it in. */
declare const CIPPO_VERSION: string | undefined;

export const version: string = typeof CIPPO_VERSION === "string" ? CIPPO_VERSION : "0.0.0-source";
