// The first thing that runs in the page's own world, before any script of the page: the page's half of `contextBridge`,
// and Electron's silence about array buffers that are transferred to main. The page may replace whatever it likes
// afterwards, so everything that is needed later is kept here, and no method is called by its name.
(() => {
  const { apply, ownKeys } = Reflect;
  const { defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf, hasOwn, prototype: plain } = Object;
  const { isArray } = Array;
  const { parse, stringify } = JSON;
  const { has: known, add: know } = WeakSet.prototype;
  const { addEventListener, dispatchEvent } = EventTarget.prototype;
  const { getAttribute, setAttribute } = Element.prototype;
  const { postMessage } = MessagePort.prototype;
  const { isFinite } = Number;
  const clone = structuredClone;
  const [E, Failure, TE, AB] = [Event, Error, TypeError, ArrayBuffer];
  const getter = (type, name) => getOwnPropertyDescriptor(type.prototype, name).get;
  const [dataOf, portsOf, sourceOf] = [getter(MessageEvent, "data"), getter(MessageEvent, "ports"), getter(MessageEvent, "source")];
  const lengthOf = getter(AB, "byteLength");

  /** A copy of an argument, as the text that `unpack` reads. */
  const copy = (value, depth) => {
    if (value === null || typeof value === "string" || typeof value === "boolean") return stringify(value);
    if (typeof value === "number") return isFinite(value) ? `${value}` : `{"$":"number","v":"${value}"}`;
    if (value === undefined) return '{"$":"undefined"}';
    if (typeof value === "bigint") return `{"$":"bigint","v":"${value}"}`;
    if (typeof value !== "object" || depth === 0) throw new TE("An object could not be cloned.");
    let text = "";
    if (isArray(value)) {
      for (let at = 0; at < value.length; at++) text += (at === 0 ? "" : ",") + copy(value[at], depth - 1);
      return `[${text}]`;
    }
    const above = getPrototypeOf(value);
    if (above !== plain && above !== null) throw new TE("An object could not be cloned.");
    const keys = ownKeys(value);
    for (let at = 0; at < keys.length; at++) {
      if (typeof keys[at] !== "string") continue;
      text += `${text === "" ? "" : ","}[${stringify(keys[at])},${copy(value[keys[at]], depth - 1)}]`;
    }
    return `{"$":"object","v":[${text}]}`;
  };

  const meet = (wire) => {
    const text = () => apply(getAttribute, wire, ["text"]);
    const call = (number, args) => {
      let list = "";
      for (let at = 0; at < args.length; at++) list += (at === 0 ? "" : ",") + copy(args[at], 8);
      apply(setAttribute, wire, ["text", `{"call":${number},"args":[${list}]}`]);
      apply(dispatchEvent, wire, [new E("call")]);
      const result = parse(text());
      if (hasOwn(result, "error")) throw new Failure(result.error);
      return hasOwn(result, "value") ? result.value : undefined;
    };
    const build = (api) => {
      if (hasOwn(api, "call")) return freeze(function (...args) { return call(api.call, args); });
      if (!hasOwn(api, "members")) return api.value;
      const object = {};
      for (let at = 0; at < api.members.length; at++) {
        const member = api.members[at];
        defineProperty(object, member[0], { __proto__: null, value: build(member[1]), enumerable: true });
      }
      return freeze(object);
    };
    apply(addEventListener, wire, ["expose", () => {
      const api = parse(text());
      const { name } = api;
      if (getOwnPropertyDescriptor(window, name) !== undefined) {
        return apply(setAttribute, wire, ["refused", "Cannot bind an API on top of an existing property on the window object"]);
      }
      defineProperty(window, name, { __proto__: null, value: build(api), enumerable: true });
    }]);

    // The ports of a message that the preload has announced lead to main.
    const announced = { __proto__: null };
    const outward = new WeakSet();
    apply(addEventListener, wire, ["announce", () => (announced[text()] = true)]);
    apply(addEventListener, window, ["message", (event) => {
      const data = apply(dataOf, event, []);
      if (typeof data !== "string" || announced[data] !== true || apply(sourceOf, event, []) !== window) return;
      delete announced[data];
      const ports = apply(portsOf, event, []);
      for (let at = 0; at < ports.length; at++) apply(know, outward, [ports[at]]);
    }, true]);

    const isBuffer = (value) => {
      try {
        return apply(lengthOf, value, []) >= 0;
      } catch {
        return false;
      }
    };
    MessagePort.prototype.postMessage = function (message, options) {
      const list = isArray(options) ? options : options?.transfer;
      if (list !== undefined && apply(known, outward, [this])) {
        for (let at = 0; at < list.length; at++) {
          // Taken from the page, and never heard of again.
          if (isBuffer(list[at])) return void clone(message, { __proto__: null, transfer: list });
        }
      }
      return apply(postMessage, this, arguments);
    };
  };

  apply(addEventListener, window, ["portcullis-stand-in", ({ relatedTarget }) => meet(relatedTarget), { __proto__: null, once: true, capture: true }]);
})();
