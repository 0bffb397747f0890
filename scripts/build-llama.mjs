// `npm run build:llama`: llama.cpp's own llama-bench and llama-server, to measure against (`npm run bench -- llama`).
//
// The crate llama-cpp-sys-2 ships the library's sources without those of the programs. These come from the Python package
// llama-cpp-python of about the same day, which ships the whole tree, or from the tree that LLAMA_SOURCE names.
// llama-bench is built over the very library that Paddock's engine is made of; llama-server uses more of it than stayed
// the same in those days, and is built over its own tree's. Both with the options of the newest build of the crate in
// the target folder. Prints the folder to give as LLAMA_BIN. Takes about twenty minutes on two cores, once.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildEnv } from './build-env.mjs';
import { PlainError, ask, isWindows, main, run, which } from './process.mjs';

/** The newest release; its llama-bench fits the crate's library. */
const PYTHON_PACKAGE = 'llama-cpp-python==0.3.36';

/** What decides how fast the library is; everything else is as the tree has it. */
const SAME_OPTIONS =
  /^(GGML_(NATIVE|SSE42|AVX\w*|BMI2|F16C|FMA|AMX\w*|OPENMP|LLAMAFILE|CPU_REPACK|CPU_ARM_ARCH|BLAS|CUDA|VULKAN|HIP|METAL)|CMAKE_C(XX)?_FLAGS)(:\w+=.*)$/;

/** What only the programs need. */
const PROGRAM_OPTIONS = [
  'CMAKE_BUILD_TYPE=Release',
  'BUILD_SHARED_LIBS=OFF',
  'LLAMA_BUILD_COMMON=ON',
  'LLAMA_BUILD_TOOLS=ON',
  'LLAMA_BUILD_SERVER=ON',
  'LLAMA_BUILD_TESTS=OFF',
  'LLAMA_BUILD_EXAMPLES=OFF',
  'LLAMA_BUILD_APP=OFF',
  // No downloads, and nothing of the network but the loopback.
  'LLAMA_OPENSSL=OFF',
  'LLAMA_USE_PREBUILT_UI=OFF',
];

function crateSource(env) {
  const metadata = ask('cargo', ['metadata', '--format-version', '1', '--locked'], {
    env,
    maxBuffer: 256 << 20,
  });
  if (!metadata) throw new PlainError('cargo cannot say where the crates are.');
  const crate = JSON.parse(metadata).packages.find(({ name }) => name === 'llama-cpp-sys-2');
  if (!crate) throw new PlainError('llama-cpp-sys-2 is not among the crates.');
  return path.join(path.dirname(crate.manifest_path), 'llama.cpp');
}

/** The options of the newest build of the crate. */
function crateOptions(env) {
  const caches = ['release', 'debug'].flatMap((profile) => {
    const folder = path.join(env.CARGO_TARGET_DIR, profile, 'build');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.startsWith('llama-cpp-sys-2-'))
      .map((name) => path.join(folder, name, 'out', 'build', 'CMakeCache.txt'))
      .filter(existsSync);
  });
  const newest = caches.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (!newest) throw new PlainError('Build the engine first: npm run bench -- engine');
  return readFileSync(newest, 'utf8')
    .split('\n')
    .filter((line) => SAME_OPTIONS.test(line));
}

async function programSource(folder, env) {
  if (process.env.LLAMA_SOURCE) return path.resolve(process.env.LLAMA_SOURCE);
  const place = path.join(folder, 'package');
  mkdirSync(place, { recursive: true });
  const python = which('python3') ?? which('python');
  if (!python)
    throw new PlainError('There is no Python; or set LLAMA_SOURCE to a tree of llama.cpp.');
  const packed = () => readdirSync(place).find((name) => name.endsWith('.tar.gz'));
  if (!packed()) {
    const args = ['-m', 'pip', 'download', '--no-deps', '--no-binary', ':all:', '-d', place];
    const { code } = await run(python, [...args, PYTHON_PACKAGE], { env, quiet: true });
    if (code !== 0 || !packed()) throw new PlainError(`${PYTHON_PACKAGE} could not be fetched.`);
  }
  const { code } = await run('tar', ['-xzf', path.join(place, packed()), '-C', place], { env });
  if (code !== 0) throw new PlainError('The Python package could not be unpacked.');
  return path.join(place, packed().replace(/\.tar\.gz$/, ''), 'vendor', 'llama.cpp');
}

/** The library's tree with llama-bench in it. */
function combine(library, programs, source) {
  rmSync(source, { recursive: true, force: true });
  cpSync(library, source, { recursive: true, preserveTimestamps: true });
  const tool = path.join(source, 'tools', 'llama-bench');
  rmSync(tool, { recursive: true, force: true });
  cpSync(path.join(programs, 'tools', 'llama-bench'), tool, {
    recursive: true,
    preserveTimestamps: true,
  });
  const lines = [
    'find_package(Threads REQUIRED)',
    'llama_add_compile_flags()',
    'add_subdirectory(llama-bench)',
  ];
  writeFileSync(path.join(source, 'tools', 'CMakeLists.txt'), `${lines.join('\n')}\n`);
}

/** Builds one program of a tree; resolves to its path. */
async function build(env, source, folder, target, options) {
  const generator = which('ninja', env) ? ['-G', 'Ninja'] : [];
  const configured = await run('cmake', ['-S', source, '-B', folder, ...generator, ...options], {
    env,
    quiet: true,
  });
  if (configured.code !== 0) throw new PlainError('CMake could not configure llama.cpp.');
  const jobs = String(os.availableParallelism());
  const args = ['--build', folder, '--config', 'Release', '--target', target, '-j', jobs];
  const built = await run('cmake', args, { env, quiet: true });
  if (built.code !== 0) throw new PlainError(`${target} could not be built.`);
  const file = isWindows ? `${target}.exe` : target;
  const places = [path.join(folder, 'bin', file), path.join(folder, 'bin', 'Release', file)];
  const place = places.find(existsSync);
  if (!place) throw new PlainError(`${target} was built, and is not where it should be.`);
  return place;
}

await main(async () => {
  const env = buildEnv();
  const folder = path.join(env.PADDOCK_CACHE_DIR, 'llama-programs');
  const [source, bin] = [path.join(folder, 'source'), path.join(folder, 'bin')];
  mkdirSync(bin, { recursive: true });
  const programs = await programSource(folder, env);
  combine(crateSource(env), programs, source);
  const options = [...crateOptions(env), ...PROGRAM_OPTIONS].map((option) => `-D${option}`);
  const made = [
    await build(env, source, path.join(folder, 'build'), 'llama-bench', options),
    await build(env, programs, path.join(folder, 'build-server'), 'llama-server', options),
  ];
  for (const file of made) cpSync(file, path.join(bin, path.basename(file)));
  console.log(bin);
  return 0;
});
