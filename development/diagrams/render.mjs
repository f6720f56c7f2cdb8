// Draws the steps of the picture as SVG files, with the modules of the live page.
//
// Reads {picture, style} from standard input, and writes {file name: text} to standard output.
import { readFileSync } from "node:fs";
import { render } from "preact-render-to-string";
import { Drawing } from "../../kubequorum_cli/picture/page/drawing.mjs";
import { STEPS } from "../../kubequorum_cli/picture/page/steps.mjs";
import { html } from "../../kubequorum_cli/picture/page/view.mjs";

const { picture, style } = JSON.parse(readFileSync(0, "utf8"));
const files = {};
STEPS.forEach(({ id }, step) => {
  const drawing = html`<${Drawing} picture=${picture} step=${step} wide marked=${false}><style>${style}</style><//>`;
  files[`${step + 1}-${id}.svg`] = `${render(drawing)}\n`;
});
process.stdout.write(JSON.stringify(files));
