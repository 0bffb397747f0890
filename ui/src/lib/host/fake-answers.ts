/** What the fake model says. Long enough to look at, short enough to read in a test. */

const quantum = `**Quantum entanglement** links two particles so that they share *one* state. Neither has a definite value of its own until one of them is measured; from that moment the other is known too, however far away it is.

### A small picture

Put a red and a blue marble into two closed boxes. Open one box and you know what is in the other. With entangled particles there is one difference: the colour was not decided beforehand.

1. Two particles are prepared together, for example in the Bell state

   $$|\\Phi^+\\rangle = \\frac{1}{\\sqrt{2}}\\left(|00\\rangle + |11\\rangle\\right)$$

2. They are brought apart.
3. Measuring the first gives 0 or 1, each with probability $\\tfrac{1}{2}$ – and the second gives the *same*.

### What it is not

- It sends **no message**: each result on its own is random.
- It is not a signal faster than light.

| Experiment | Year | What it showed |
| --- | :---: | --- |
| Freedman and Clauser | 1972 | Bell's inequality is violated |
| Aspect | 1982 | even when the detectors are switched in flight |
| Hensen | 2015 | without the remaining loopholes |

> Einstein called it "spooky action at a distance".
`;

const rust = `Put this into \`main.rs\`:

\`\`\`rust
/// Greets whoever runs it.
fn main() {
    let name = "world";
    println!("Hello, {name}!");
}
\`\`\`

Then run it:

\`\`\`bash
rustc main.rs && ./main
\`\`\`
`;

const demo = `# Everything at once

A paragraph with **bold**, *italic*, ~~struck~~ and \`inline code\`, a [link](https://example.com/page?x=1), an autolink https://www.rust-lang.org and inline math $e^{i\\pi} + 1 = 0$ or \\(a^2 + b^2 = c^2\\).

- [x] read the header
- [ ] load the weights
  - nested item
  - another one

| Quant | Size | Speed |
| :--- | ---: | ---: |
| Q4_K_M | 42.5 GB | 2.1 tok/s |
| Q3_K_M | 34.3 GB | 4.9 tok/s |
| IQ2_S | 22.2 GB | 33 tok/s |

\`\`\`python
from dataclasses import dataclass

@dataclass
class Layer:
    index: int
    bytes: int  # on disk

def total(layers: list[Layer]) -> int:
    return sum(layer.bytes for layer in layers)  # a rather long comment that makes this line scroll sideways instead of wrapping
\`\`\`

\\[
\\operatorname{softmax}(x)_i = \\frac{e^{x_i}}{\\sum_{j=1}^{n} e^{x_j}}
\\]

![A remote picture](https://example.com/cat.png)

> A quotation, with a second
> line, and a claim that needs a note.[^1]

\`\`\`mermaid
graph TD
  A[Prompt] --> B{Fits?}
  B -->|yes| C[Understanding]
  B -->|no| D[Policy]
  D --> C
  C --> E[Writing]
\`\`\`

---

Done.

[^1]: It is explained here, with **weight**, and leads back.
`;

const thought = `<think>
The question is short. First the figures, then the sum:

- 17 × 20 is 340
- 17 × 3 is 51

So it is **391**.
</think>

17 × 23 is **391**.
`;

const count = Array.from({ length: 20 }, (_, i) => i + 1).join(', ') + '.';

export function answerFor(prompt: string): string {
  const text = prompt.toLowerCase();
  if (text.startsWith('/demo')) return demo;
  if (text.startsWith('/think')) return thought;
  if (text.includes('quantum')) return quantum;
  if (text.includes('rust')) return rust;
  if (text.includes('count')) return count;
  return `You wrote: ${prompt}\n\nThis is the fake host, so nobody has thought about it.`;
}

/** Text of about `tokens` words with the usual mix of shapes: prose, lists, tables, code. */
export function longAnswer(tokens: number): string {
  const parts: string[] = [];
  let words = 0;
  for (let i = 1; words < tokens; i += 1) {
    const part = longPart(i);
    parts.push(part);
    words += part.split(/\s+/).length;
  }
  return parts.join('\n\n');
}

function longPart(i: number): string {
  const line = `Layer ${i} reads its weights, multiplies, adds and hands the result to the next one.`;
  if (i % 10 === 3) return `## Part ${i}`;
  if (i % 10 === 5) return `- first of ${i}\n- second with **bold** text\n- third with \`code\``;
  if (i % 10 === 7)
    return `\`\`\`rust\nfn part_${i}(x: f32) -> f32 {\n    x * ${i}.0 + 1.0 // step\n}\n\`\`\``;
  if (i % 20 === 9)
    return `| n | value |\n| --- | ---: |\n| ${i} | ${i * i} |\n| ${i + 1} | ${(i + 1) ** 2} |`;
  if (i % 20 === 19) return `The sum is $\\sum_{k=1}^{${i}} k = ${(i * (i + 1)) / 2}$.`;
  return `${line} ${line} ${line}`;
}
