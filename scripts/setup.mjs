// Brings a fresh computer to the point where Paddock can be built and tested. Does nothing when nothing is missing.
import { buildEnv } from './build-env.mjs';
import { isLinux, isMac, isMainScript, isWindows, main } from './process.mjs';
import { installNodeModules } from './setup/node-modules.mjs';
import { installPythonClients } from './setup/python.mjs';
import { checkNode, checkRust } from './setup/toolchain.mjs';

/** `forTests: false` leaves out what only the tests need. Resolves to the environment to build in. */
export async function setup({ forTests = true } = {}) {
  checkNode();
  await checkRust(buildEnv(), { forTests });
  if (isLinux)
    await (await import('./setup/linux.mjs')).installSystemPackages(process.env, { forTests });
  if (isMac) await (await import('./setup/macos.mjs')).installSystemPackages(process.env);
  if (isWindows) await (await import('./setup/windows.mjs')).installSystemPackages(process.env);
  await installNodeModules(process.env);
  const env = buildEnv();
  return forTests ? { ...env, ...(await installPythonClients(env)) } : env;
}

if (isMainScript(import.meta.url)) {
  await main(async () => {
    await setup();
    console.log('Everything is in place: npm start runs Paddock, npm test runs every check.');
  });
}
