// Draws the steps of the picture as SVG files, with the modules of the live page, and writes a page that shows them.
//
// Reads {picture, style} from standard input, and writes {file name: text} to standard output.
import { readFileSync } from "node:fs";
import { render } from "preact-render-to-string";
import { Drawing } from "../../kubequorum_cli/picture/page/drawing.mjs";
import { STEPS } from "../../kubequorum_cli/picture/page/steps.mjs";
import { html } from "../../kubequorum_cli/picture/page/view.mjs";

const { picture, style } = JSON.parse(readFileSync(0, "utf8"));
const name = (step) => `${step + 1}-${STEPS[step].id}.svg`;
const files = {};
STEPS.forEach((_, step) => {
  const drawing = html`<${Drawing} picture=${picture} step=${step} wide marked=${false}><style>${style}</style><//>`;
  files[name(step)] = `${render(drawing)}\n`;
});

const INTRODUCTION = `# A cluster, step by step

For somebody new to Kubernetes or to AWS: an example cluster, built up layer by layer. \`./kubequorum picture --open\` shows yours in the same way, live.

<!-- Written by ./kubequorum diagrams: the texts are in kubequorum_cli/picture/page/steps.mjs. -->
`;
const chapters = STEPS.map(
  ({ title, text, file }, step) => `
## ${step + 1}. ${title}

${text.replace(/\s+/g, " ")} Made by [\`${file}\`](../../${file}).

![${title}](${name(step)})
`,
);
files["README.md"] = [INTRODUCTION, ...chapters].join("");

process.stdout.write(JSON.stringify(files));
