// The system packages Paddock is built with, under the names the distributions give them.
//
// `command`: any program of that name on PATH will do, wherever it came from.
// `tests`: needed by tests only, not to build or run the app.

export const packages = [
  { debian: 'build-essential', fedora: 'gcc-c++', arch: 'base-devel', command: 'c++' },
  { debian: 'pkg-config', fedora: 'pkgconf-pkg-config', arch: 'pkgconf', command: 'pkg-config' },
  { debian: 'cmake', fedora: 'cmake', arch: 'cmake', command: 'cmake' },
  // Makes the second build of llama.cpp a matter of seconds.
  { debian: 'ccache', fedora: 'ccache', arch: 'ccache', command: 'ccache' },
  // bindgen reads llama.cpp's headers with it.
  { debian: 'libclang-dev', fedora: 'clang-devel', arch: 'clang' },
  { debian: 'libwebkit2gtk-4.1-dev', fedora: 'webkit2gtk4.1-devel', arch: 'webkit2gtk-4.1' },
  { debian: 'librsvg2-dev', fedora: 'librsvg2-devel', arch: 'librsvg' },
  {
    debian: 'xvfb',
    fedora: 'xorg-x11-server-Xvfb',
    arch: 'xorg-server-xvfb',
    command: 'Xvfb',
    tests: true,
  },
  {
    debian: 'webkit2gtk-driver',
    fedora: 'webkitgtk6.0',
    arch: 'webkit2gtk-4.1',
    command: 'WebKitWebDriver',
    tests: true,
  },
  {
    debian: 'dbus-daemon',
    fedora: 'dbus-daemon',
    arch: 'dbus',
    command: 'dbus-daemon',
    tests: true,
  },
  // A drive as old ones are, and the keychain of a desktop.
  {
    debian: 'dosfstools',
    fedora: 'dosfstools',
    arch: 'dosfstools',
    command: 'mkfs.vfat',
    tests: true,
  },
  {
    debian: 'gnome-keyring',
    fedora: 'gnome-keyring',
    arch: 'gnome-keyring',
    command: 'gnome-keyring-daemon',
    tests: true,
  },
  // Debian's Python cannot make environments without it.
  { debian: 'python3-venv', fedora: 'python3', arch: 'python', tests: true },
  { debian: 'fonts-dejavu-core', fedora: 'dejavu-sans-fonts', arch: 'ttf-dejavu', tests: true },
];
