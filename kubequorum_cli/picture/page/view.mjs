// The view library, as all modules use it: templates of htm that make nodes of preact.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
