/** Svelte 5 reads TypeScript by itself; nothing to preprocess. */
export default { compilerOptions: { runes: true } };
