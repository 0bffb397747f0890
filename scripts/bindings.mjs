// `npm run bindings`: writes ui/src/lib/host/bindings.ts from the commands in src-tauri/src/commands.rs. A test fails when
// the file in the repository is another one.
import { buildEnv } from './build-env.mjs';
import { main, run } from './process.mjs';

await main(async () => {
  const env = { ...buildEnv(), PADDOCK_WRITE_BINDINGS: '1' };
  const { code } = await run(
    'cargo',
    ['test', '--workspace', '--locked', '--bin', 'paddock-desktop', 'bindings'],
    {
      env,
    },
  );
  return code;
});
