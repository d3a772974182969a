/** The framework by itself, without this library: what the comparison is with. */
// biome-ignore lint/style/noRestrictedImports: the bare side must not pass this library's door to it.
export * from 'cdktf';
