/** The region translator, loaded when a machine has something hot: see `translator.ts`. */

export { ALWAYS, AUTO, type Eagerness, Translator } from "./translator.ts";
