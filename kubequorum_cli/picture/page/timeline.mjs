// The last quarter of an hour: a strip with a line for each change, a slider over it, and the changes in words.
import { html } from "./view.mjs";

const MINUTES = 15;
const SPAN = MINUTES * 60 * 1000;
const WIDTH = 1000;
const SHOWN = 12;

export const clock = (time) => new Date(time).toLocaleTimeString();

// `shown` is the number of the moment that is shown, `now` the time at the right end.
export const Timeline = ({ moments, shown, live, now, onShow, onLive }) => {
  const index = moments.findIndex((moment) => moment.number === shown);
  const current = moments[index];
  const changed = moments.filter((moment) => moment.changes.length).slice(-SHOWN).reverse();
  return html`
    <section class="timeline" aria-labelledby="timeline-title">
      <h2 id="timeline-title">The last ${MINUTES} minutes</h2>
      <${Strip} moments=${moments} shown=${shown} now=${now} />
      <div class="wind">
        <input type="range" min="0" max=${Math.max(0, moments.length - 1)} value=${index} disabled=${moments.length < 2}
          aria-label="Moment that is shown" aria-valuetext=${current ? spoken(current) : ""}
          onInput=${(event) => onShow(moments[Number(event.target.value)].number)} />
        <button type="button" onClick=${onLive} disabled=${live}>Now</button>
      </div>
      ${changed.length
        ? html`<ol class="changes">${changed.map((moment) => html`<${Change} key=${moment.number} moment=${moment}
            current=${moment.number === shown} onShow=${onShow} />`)}</ol>`
        : html`<p class="small">Nothing has changed.</p>`}
    </section>
  `;
};

const spoken = (moment) => `${clock(moment.at)}${moment.changes.length ? `: ${moment.changes.join("; ")}` : ""}`;

const Change = ({ moment, current, onShow }) => html`
  <li>
    <button type="button" class="time" aria-current=${current ? "true" : undefined} onClick=${() => onShow(moment.number)}>
      ${clock(moment.at)}
    </button>
    <span>${moment.changes.join(" · ")}</span>
  </li>
`;

// Only for the eye: the slider and the list say the same.
const Strip = ({ moments, shown, now }) => {
  const x = (time) => Math.max(0, WIDTH - ((now - new Date(time).getTime()) / SPAN) * WIDTH);
  return html`
    <svg class="strip" viewBox=${`0 0 ${WIDTH} 30`} preserveAspectRatio="none" aria-hidden="true">
      ${Array.from({ length: MINUTES + 1 }, (_, minute) => html`
        <path class="minute" d=${`M${(minute * WIDTH) / MINUTES} 22 V30`} />
      `)}
      ${moments.map((moment, index) => {
        const end = moments[index + 1] ? x(moments[index + 1].at) : WIDTH;
        const from = x(moment.at);
        return html`
          <rect key=${moment.number} class=${moment.bad ? "span bad" : "span well"} x=${from} y=${moment.bad ? 2 : 12}
            width=${Math.max(1, end - from)} height=${moment.bad ? 20 : 10} />
          ${moment.number === shown && html`<path class="cursor" d=${`M${Math.max(1, from)} 0 V30`} />`}
        `;
      })}
    </svg>
  `;
};
