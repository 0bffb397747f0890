// Windows: Microsoft's C++ build tools, CMake, LLVM (for bindgen) and the WebView2 runtime.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { PlainError, ask, run, which } from '../process.mjs';

/** Each with the test whether it is there; winget's own list is slow and does not know of other installers. */
const tools = [
  {
    id: 'Microsoft.VisualStudio.2022.BuildTools',
    name: "Microsoft's C++ build tools",
    there: hasBuildTools,
    extra: [
      '--override',
      '--quiet --wait --norestart --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended',
    ],
  },
  {
    id: 'Kitware.CMake',
    name: 'CMake',
    there: (env) => which('cmake', env) || inProgramFiles('CMake', 'bin', 'cmake.exe'),
  },
  {
    id: 'LLVM.LLVM',
    name: 'LLVM',
    there: (env) =>
      env.LIBCLANG_PATH || which('clang', env) || inProgramFiles('LLVM', 'bin', 'libclang.dll'),
  },
  { id: 'Microsoft.EdgeWebView2Runtime', name: 'the WebView2 runtime', there: hasWebView2 },
];

export async function installSystemPackages(env) {
  const missing = tools.filter((tool) => !tool.there(env));
  if (missing.length === 0) return;
  const byHand = missing.map((tool) => `  winget install --exact --id ${tool.id}`).join('\n');
  if (!which('winget', env)) {
    throw new PlainError(
      `${missing.map((tool) => tool.name).join(', ')} must be installed first. With the App Installer of the Microsoft Store it is:\n\n${byHand}`,
    );
  }
  for (const tool of missing) {
    console.log(`Installing ${tool.name} …`);
    const agree = ['--accept-package-agreements', '--accept-source-agreements'];
    const { code } = await run(
      'winget',
      ['install', '--exact', '--id', tool.id, ...agree, ...(tool.extra ?? [])],
      { env },
    );
    if (code !== 0)
      throw new PlainError(
        `${tool.name} could not be installed; winget says why above. By hand it is:\n\n${byHand}`,
      );
  }
  throw new PlainError(
    'The build tools are installed. Open a new terminal, so that they are found, and run the same command again.',
  );
}

function inProgramFiles(...parts) {
  return existsSync(path.join(process.env.ProgramFiles ?? 'C:\\Program Files', ...parts));
}

function hasBuildTools() {
  const folder = process.env['ProgramFiles(x86)'] ?? 'C:\\Program Files (x86)';
  const vswhere = path.join(folder, 'Microsoft Visual Studio', 'Installer', 'vswhere.exe');
  const component = 'Microsoft.VisualStudio.Component.VC.Tools.x86.x64';
  return (
    existsSync(vswhere) &&
    Boolean(
      ask(vswhere, ['-products', '*', '-requires', component, '-property', 'installationPath']),
    )
  );
}

function hasWebView2() {
  const key = '\\Microsoft\\EdgeUpdate\\Clients\\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}';
  const places = [
    `HKLM\\SOFTWARE\\WOW6432Node${key}`,
    `HKLM\\SOFTWARE${key}`,
    `HKCU\\Software${key}`,
  ];
  return places.some((place) => ask('reg', ['query', place, '/v', 'pv']) !== null);
}
