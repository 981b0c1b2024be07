/**
 * Making elements. Texts only ever become text nodes or attributes, so what a record holds
 * cannot become markup.
 * @module
 */

/**
 * What h takes as a child: texts and numbers become text nodes, lists of children are flattened, and
 * null, undefined and booleans are left out, so that `condition && child` works.
 * @typedef {Node | string | number | boolean | null | undefined | any[]} Child
 */

/**
 * What h takes for an element: `on…` keys are listeners (`onclick`, `ondocket-filter`),
 * `dataset` is an object, `value`, `checked` and `selected` are set as properties, booleans
 * set or leave out an attribute, null and undefined leave it out, and all else is an attribute.
 * @typedef {Record<string, any> | null} Properties
 */

const svgNamespace = 'http://www.w3.org/2000/svg';

/** Attributes that name an address, which must not be one that runs. */
const addressAttributes = new Set(['href', 'src', 'action', 'formaction']);
const safeSchemes = new Set(['http:', 'https:', 'mailto:', 'blob:']);

/** Set as properties after the children are there, since a select has no value before. */
const lateProperties = new Set(['value', 'checked', 'selected']);

/**
 * Makes an HTML element:
 * `h('button', {type: 'button', class: 'button', onclick: save}, icon('check'), 'Save')`.
 * @template {string} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {Tag extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[Tag] : HTMLElement}
 */
export function h(tag, properties = null, ...children) {
  /** @type {any} */
  const element = document.createElement(tag);
  setProperties(element, properties);
  append(element, children);
  for (const name of lateProperties) {
    if (properties && properties[name] !== undefined && properties[name] !== null) {
      Reflect.set(element, name, properties[name]);
    }
  }
  return element;
}

/**
 * Makes an SVG element, as h does for HTML.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = null, ...children) {
  const element = document.createElementNS(svgNamespace, tag);
  setProperties(element, attributes);
  append(element, children);
  return element;
}

/**
 * Puts the children into the element in place of those that it has.
 * @param {Element | DocumentFragment} element
 * @param {...Child} children
 */
export function replaceChildren(element, ...children) {
  element.replaceChildren(...nodes(children));
}

/**
 * @param {Element} element
 * @param {Child[]} children
 */
function append(element, children) {
  element.append(...nodes(children));
}

/**
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
function nodes(children) {
  /** @type {(Node | string)[]} */
  const list = [];
  for (const child of /** @type {Child[]} */ (children.flat(Infinity))) {
    if (child instanceof Node) list.push(child);
    else if (typeof child === 'string' || typeof child === 'number') list.push(String(child));
  }
  return list;
}

/**
 * @param {HTMLElement | SVGElement} element
 * @param {Properties} properties
 */
function setProperties(element, properties) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'dataset') Object.assign(element.dataset, value);
    else if (!lateProperties.has(name) || element instanceof SVGElement) setAttribute(element, name, value);
  }
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {any} value
 */
function setAttribute(element, name, value) {
  if (name === 'style' || name === 'srcdoc') {
    throw new Error(`set ${name} through the element's properties: as an attribute the page's policy forbids it`);
  }
  if (addressAttributes.has(name) && !isSafeAddress(String(value))) return;
  if (typeof value !== 'boolean') element.setAttribute(name, String(value));
  else if (name.startsWith('aria-')) element.setAttribute(name, String(value));
  else element.toggleAttribute(name, value);
}

/**
 * Reports whether following an address runs nothing, whatever a record wrote into it.
 * @param {string} address
 */
function isSafeAddress(address) {
  try {
    return safeSchemes.has(new URL(address, document.baseURI).protocol);
  } catch {
    return false;
  }
}
