// Texts with less contrast than 4.5 to 1 to what is behind them; evaluated in the page.
() => {
  const light = ([r, g, b]) => {
    const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const parse = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const contrast = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  // The rectangle behind a text: the smallest one drawn before it that has its middle in it.
  const behind = (text) => {
    const { x, y, width, height } = text.getBoundingClientRect();
    const [cx, cy] = [x + width / 2, y + height / 2];
    const shapes = [...document.querySelectorAll("svg.drawing rect, svg.drawing circle")].filter((shape) => {
      const at = shape.getBoundingClientRect();
      const style = getComputedStyle(shape);
      const before = shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING;
      const around = at.left <= cx && cx <= at.right && at.top <= cy && cy <= at.bottom;
      return before && around && style.fill !== "none";
    });
    const last = shapes.at(-1);
    return last ? getComputedStyle(last).fill : getComputedStyle(text.ownerSVGElement).backgroundColor;
  };
  const bad = [];
  for (const text of document.querySelectorAll("svg.drawing text")) {
    const ratio = contrast(parse(getComputedStyle(text).fill), parse(behind(text)));
    if (ratio < 4.5) bad.push(`${text.textContent.trim()}: ${ratio.toFixed(2)}`);
  }
  for (const element of document.querySelectorAll("h1, h2, p, li, button:enabled, .small")) {
    let node = element;
    while (node && parse(getComputedStyle(node).backgroundColor)[3] === 0) node = node.parentElement;
    const ratio = contrast(parse(getComputedStyle(element).color), parse(getComputedStyle(node).backgroundColor));
    if (ratio < 4.5) bad.push(`${element.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return bad;
}
