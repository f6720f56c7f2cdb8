// Where pictures come from: the server, as they happen, or the file itself if it was saved.

export function connect({ onHistory, onMoment, onStatus, onLost }) {
  const saved = document.getElementById("saved");
  if (saved) {
    const moment = JSON.parse(saved.textContent);
    onHistory([moment]);
    onMoment(moment);
    onStatus({ checked: moment.at, problem: "", saved: true });
    return;
  }
  const events = new EventSource("events");
  const on = (name, use) => events.addEventListener(name, (event) => use(JSON.parse(event.data)));
  on("history", onHistory);
  on("moment", onMoment);
  on("status", onStatus);
  // The browser connects again by itself.
  events.addEventListener("error", onLost);
}

// An earlier moment with its picture; null if the server does not keep it any more.
export async function earlier(number) {
  const answer = await fetch(`moments/${number}`);
  return answer.ok ? answer.json() : null;
}
