import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** KaTeX names each font three times; every web view we run in reads woff2. Saves 1 MB. */
function onlyWoff2(): Plugin {
  return {
    name: 'paddock:only-woff2',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('katex.min.css')) return null;
      return code.replace(/,url\([^)]+\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)/g, '');
    },
  };
}

type Modules = { getModuleInfo: (id: string) => { isEntry: boolean; importers: string[] } | null };

/**
 * Names the chunk that the window starts with: every module that the entry reaches without a late
 * import. Otherwise what the late views share with it becomes a dozen files, each of which is asked
 * for, checked and run by itself before anything is on the screen.
 */
function startChunk() {
  return (id: string, modules: Modules): string | null => {
    const seen = new Set([id]);
    for (const module of seen) {
      const info = modules.getModuleInfo(module);
      if (info?.isEntry) return 'start';
      for (const importer of info?.importers ?? []) seen.add(importer);
    }
    return null;
  };
}

export default defineConfig(({ mode }) => ({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [onlyWoff2(), svelte(), ...(mode === 'test' ? [svelteTesting()] : [])],
  clearScreen: false,
  server: {
    port: 1420,
    strictPort: true,
    host: '127.0.0.1',
    // The icon lives beside ui/, in icons/.
    fs: { allow: ['..'] },
  },
  // The worker that draws diagrams imports its library late.
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['es2022', 'safari16'],
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: startChunk() }] } } },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/test/setup.ts'],
    restoreMocks: true,
    // Thousands of documents in one test; slow machines have other things to do.
    testTimeout: 60_000,
  },
}));
