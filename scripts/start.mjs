// `npm start`: builds Paddock when something changed and opens it. `npm start -- FILE.gguf` opens that model.
import { buildApp } from './build-app.mjs';
import { appPath } from './build-env.mjs';
import { PlainError, isLinux, main, run } from './process.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  if (isLinux && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    throw new PlainError(
      'Paddock is a window, and there is no display here. Run it from a desktop session.',
    );
  }
  const env = await setup({ forTests: false });
  console.log('Building Paddock. The first time takes 10 to 20 minutes, later times seconds.');
  const { code } = await buildApp(env);
  if (code !== 0) throw new PlainError('Paddock could not be built; the reason is above.');
  // npm changes to the root before it calls us: file names are meant from where the person typed them. The app gets
  // the person's own environment, not the one for building.
  return (
    await run(appPath(env), process.argv.slice(2), { cwd: process.env.INIT_CWD ?? process.cwd() })
  ).code;
});
