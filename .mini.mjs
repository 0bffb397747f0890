import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { readFileSync, writeFileSync, existsSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { remote } from 'webdriverio';
import { withDisplay } from './scripts/checks/display.mjs';
const axeSource = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
const types = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html', '.woff2': 'font/woff2', '.svg': 'image/svg+xml' };
const server = createServer((q, r) => { let f = path.join('/tmp/uifake', decodeURIComponent(new URL(q.url, 'http://x').pathname)); if (!path.extname(f)) f = '/tmp/uifake/index.html'; if (!existsSync(f)) { r.writeHead(404).end(); return; } r.writeHead(200, { 'content-type': types[path.extname(f)] ?? 'application/octet-stream' }).end(readFileSync(f)); });
await new Promise((d) => server.listen(0, '127.0.0.1', d));
const url = `http://127.0.0.1:${server.address().port}/`;
const wanted = process.argv[2] ?? 'all';
await withDisplay({ ...process.env }, {}, async (env) => {
  const home = mkdtempSync('/tmp/mini-home-');
  const driver = spawn('WebKitWebDriver', ['--port=4799', '--host=127.0.0.1'], { env: { ...env, HOME: home, XDG_DATA_HOME: home + '/d', XDG_CACHE_HOME: home + '/c', XDG_CONFIG_HOME: home + '/k' }, stdio: 'ignore', detached: true });
  try {
    for (let i = 0; i < 100; i++) { try { if ((await fetch('http://127.0.0.1:4799/status')).ok) break; } catch {} await new Promise((d) => setTimeout(d, 100)); }
    const b = await remote({ hostname: '127.0.0.1', port: 4799, logLevel: 'silent', connectionRetryCount: 0, capabilities: { browserName: 'MiniBrowser', 'wdio:enforceWebDriverClassic': true, 'webkitgtk:browserOptions': { binary: '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser', args: ['--automation'] } } });
    const id = (x) => `[data-testid="${x}"]`;
    const click = async (x) => { await b.$(id(x)).waitForDisplayed({ timeout: 20000 }); await b.$(id(x)).click(); };
    const say = async (text) => { await click('composer'); await b.$(id('composer')).setValue(text); await b.keys('Enter'); await b.waitUntil(async () => { const e = await b.$(id('message-assistant')); return (await e.isExisting()) && (await e.getAttribute('data-state')) !== 'writing'; }, { timeout: 60000 }); };
    const tab = async (t) => { await click('nav-models'); await click(`models-tab-${t}`); await new Promise((d) => setTimeout(d, 1500)); };
    const views = {
      chat: () => b.$(id('welcome')).waitForDisplayed(),
      demo: async () => { await say('/demo'); await click('metrics-toggle'); },
      failed: () => say('/fail engineDied'),
      picker: () => click('model-picker'),
      first: async () => { await click('nav-models'); await click('first-run-again'); await b.$(id('first-run')).waitForDisplayed(); },
      first3: async () => { await click('nav-models'); await click('first-run-again'); for (let i = 0; i < 3; i++) { await click('first-run-next'); await new Promise((d) => setTimeout(d, 1200)); } },
      computer: () => tab('computer'),
      library: () => tab('library'),
      find: () => tab('find'),
      repo: async () => { await tab('find'); await b.$(id('find-words')).setValue('Qwen/Qwen2.5-7B-Instruct-GGUF'); await b.keys('Enter'); await new Promise((d) => setTimeout(d, 2500)); },
      downloads: async () => { await tab('downloads'); await b.$(`${id('how-downloads')} summary`).click(); await new Promise((d) => setTimeout(d, 500)); },
    };
    await b.url(url);
    const runs = (process.argv[3] ?? 'light-en,dark-en,light-ar').split(',').map((x) => x.split('-'));
    const seen = new Set();
    for (const [theme, lang, zoom] of runs) for (const [name, open] of Object.entries(views)) {
      if (wanted !== 'all' && !wanted.split(',').includes(name)) continue;
      try {
        await b.setWindowSize(1280, 870);
        await b.execute((t, l) => { localStorage.setItem('paddock.theme', t); localStorage.setItem('paddock.language', l); }, theme, lang);
        await b.url(url); await b.$(id('composer')).waitForDisplayed();
        if (zoom) await b.execute((z) => { document.documentElement.style.fontSize = z + '%'; }, zoom);
        await open();
        for (const [w, h] of [[1280, 870], [480, 770]]) {
          if (zoom && w < 1000) continue;
          await b.setWindowSize(w, h); await new Promise((d) => setTimeout(d, 400));
          const size = await b.execute(() => [innerWidth, innerHeight, document.documentElement.scrollWidth - document.documentElement.clientWidth, ...[...document.querySelectorAll('main *, nav *')].filter((e) => { const s = getComputedStyle(e); return s.display !== 'inline' && s.overflowY === 'hidden' && e.clientHeight > 1 && e.scrollHeight > e.clientHeight + 2 && e.innerText?.trim(); }).map((e) => e.outerHTML.slice(0, 120))]);
          writeFileSync(`/tmp/shots/${name}-${theme}-${lang}${zoom ?? ''}-${w}.png`, await b.takeScreenshot(), 'base64');
          await b.execute(axeSource);
          const v = await b.executeAsync((done) => { window.axe.run(document, { resultTypes: ['violations'] }).then((r) => done(r.violations.map((x) => ({ id: x.id, help: x.help, nodes: x.nodes.map((n) => ({ html: n.html.slice(0, 160), s: n.failureSummary })) }))), (e) => done([{ id: 'axe', help: String(e), nodes: [] }])); });
          console.log(`## ${name} ${theme} ${lang} ${zoom ?? ''} ${size.slice(0, 3).join('x')} violations: ${v.map((x) => x.id + '×' + x.nodes.length).join(' ')}`, size.slice(3).join('\n  clipped '));
          for (const x of v) for (const n of x.nodes.slice(0, 6)) { const key = x.id + n.html; if (seen.has(key)) continue; seen.add(key); console.log('  ', x.id, n.html, '\n      ', n.s.replace(/\s+/g, ' ').slice(0, 260)); }
        }
      } catch (e) { console.log(`## ${name} ${theme} ${lang} FAILED ${e.message.slice(0, 300)}`); }
    }
    await b.deleteSession().catch(() => {});
  } finally { try { process.kill(-driver.pid, 'SIGTERM'); } catch {} }
});
server.close();
process.exit(0);
