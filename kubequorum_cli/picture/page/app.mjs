// The page: which picture is shown, up to which step, at which moment.
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "./view.mjs";
import { Drawing } from "./drawing.mjs";
import { STEPS, stepOf } from "./steps.mjs";
import { connect, earlier } from "./source.mjs";
import { clock, Timeline } from "./timeline.mjs";

const WIDE = "(min-width: 900px)";
const KEPT = 15 * 60 * 1000;

const App = () => {
  const [moments, setMoments] = useState([]);
  const [latest, setLatest] = useState(null);
  const [wound, setWound] = useState(null);
  const [status, setStatus] = useState({ checked: null, problem: "" });
  const [step, setStep] = useStep();
  const wide = useWide();

  useEffect(() => {
    connect({
      onHistory: setMoments,
      onMoment: (moment) => {
        setLatest(moment);
        setMoments((before) => [...before.filter((each) => each.number < moment.number), moment].filter(recent));
      },
      onStatus: setStatus,
      onLost: () => setStatus((before) => ({ ...before, problem: "the connection to kubequorum is lost" })),
    });
  }, []);

  // Of several that were asked for the last one is shown, in whatever order they come.
  const asked = useRef(0);
  const show = async (number) => {
    asked.current = number;
    const moment = number === latest.number ? null : await earlier(number);
    if (asked.current === number) setWound(moment);
  };
  const shown = wound ?? latest;
  if (!shown) return html`<main><p role="status">${status.problem || "Asking AWS and Kubernetes …"}</p></main>`;
  return html`
    <${Head} picture=${shown.picture} status=${status} wound=${wound} />
    <${Steps} step=${step} onStep=${setStep} />
    <main>
      <${Explanation} step=${STEPS[step]} />
      <${Marks} marks=${shown.picture.marks} />
      ${!shown.picture.zones.length && html`<p role="status">No stack of this cluster is deployed.</p>`}
      <figure><${Drawing} picture=${shown.picture} step=${step} wide=${wide} /></figure>
      ${!status.saved && html`<${Timeline} moments=${moments} shown=${shown.number} live=${!wound} onShow=${show}
        now=${new Date(status.checked ?? latest.at).getTime()} onLive=${() => setWound(null)} />`}
    </main>
  `;
};

const recent = (moment, index, all) => {
  const next = all[index + 1];
  return !next || new Date(next.at).getTime() > new Date(all.at(-1).at).getTime() - KEPT;
};

const Head = ({ picture, status, wound }) => {
  const bad = picture.marks.filter((mark) => mark.condition === "bad").length;
  const text = bad ? `${bad} ${bad === 1 ? "problem" : "problems"}` : "no problem found";
  return html`
    <header>
      <h1>Cluster ${picture.cluster}</h1>
      <p role="status" class=${bad ? "summary bad" : "summary"}>${status.problem ? `Not current: ${status.problem}` : text}</p>
      <p class="as-of">
        ${wound
          ? html`<strong>Wound back</strong> to ${clock(wound.at)}`
          : html`as of <time datetime=${status.checked ?? ""}>${status.checked ? clock(status.checked) : "…"}</time>`}
      </p>
    </header>
  `;
};

const Steps = ({ step, onStep }) => html`
  <nav aria-label="Steps">
    <button type="button" onClick=${() => onStep(KEYS.ArrowLeft)} disabled=${step === 0}>Back</button>
    <ol>
      ${STEPS.map(({ id, title, short }, index) => html`
        <li key=${id}>
          <button type="button" class=${index < step ? "done" : ""} aria-current=${index === step ? "step" : undefined}
            aria-label=${`${index + 1}. ${title}`} title=${title} onClick=${() => onStep(() => index)}>
            ${index + 1}<span class="short"> ${short}</span>
          </button>
        </li>
      `)}
    </ol>
    <button type="button" onClick=${() => onStep(KEYS.ArrowRight)} disabled=${step === STEPS.length - 1}>Next</button>
    <button type="button" onClick=${() => onStep(KEYS.End)} disabled=${step === STEPS.length - 1}>All</button>
  </nav>
`;

const Explanation = ({ step }) => html`
  <section class="explanation" aria-live="polite" aria-atomic="true">
    <h2>${step.title}</h2>
    <p>${step.text}</p>
    <p class="small">Made by <code>${step.file}</code></p>
  </section>
`;

const Marks = ({ marks }) =>
  marks.length > 0 &&
  html`
    <section class="marks" aria-labelledby="marks-title">
      <h2 id="marks-title">What needs attention</h2>
      <ul>
        ${marks.map((mark) => html`
          <li key=${mark.text} class=${mark.condition}>${mark.text} <span class="small">What to do: <code>${mark.remedy}</code></span></li>
        `)}
      </ul>
    </section>
  `;

// The step, which is the fragment of the address, too; arrow keys change it.
function useStep() {
  const [step, setStep] = useState(() => stepOf(location.hash.slice(1)));
  const go = (next) => setStep((before) => Math.min(Math.max(next(before), 0), STEPS.length - 1));
  useEffect(() => history.replaceState(null, "", `#${STEPS[step].id}`), [step]);
  useEffect(() => {
    const onKey = (event) => {
      const next = KEYS[event.key];
      if (!next || event.altKey || event.ctrlKey || event.metaKey || event.target.matches?.("input")) return;
      event.preventDefault();
      go(next);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return [step, go];
}

const KEYS = {
  ArrowRight: (step) => step + 1,
  ArrowLeft: (step) => step - 1,
  Home: () => 0,
  End: () => STEPS.length - 1,
};

// Whether zones fit beside each other.
function useWide() {
  const query = matchMedia(WIDE);
  const [wide, setWide] = useState(query.matches);
  useEffect(() => {
    const onChange = (event) => setWide(event.matches);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, []);
  return wide;
}

render(html`<${App} />`, document.getElementById("app"));
