/* The search of a site: it loads the pieces of the index that a question needs, as scripts, so that it works from a disk, too.
   relatedstories/export/search_index.py says what the pieces are. All that is shown is set as text, never as HTML. */
"use strict";
(() => {
  const version = document.currentScript.dataset.version;
  const MAX_LETTERS = 40; // of a term
  const N_SHOWN = 20; // events that are shown at first, and more at each click
  const N_NAMED = { stories: 3, topics: 6 }; // whose names have the words
  const N_CANDIDATES = 16; // of these, whose names are loaded
  const N_VALUES = { topic: 12, story: 8 }; // of a facet
  const MAX_TAGS = 240; // pieces of tags that are loaded without being asked for
  const WEIGHTS = [1, 2, 3, 3.5]; // of where an event has a word: its story, a topic, its title, its title and a topic
  const OF_PREFIX = 0.6; // times the weight, where the word only begins so
  const DELAY = 120; // milliseconds without a key before a search
  const MONTHS = "January February March April May June July August September October November December".split(" ");

  // ---------------------------------------------------------------- terms, as export/search_terms.py makes them

  const ACCENTS = /[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]+/g;
  const LETTERS = { ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ħ: "h", ŧ: "t", ı: "i", ς: "σ" };
  const UNSPACED = "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3005-\\u3007\\u3040-\\u30ff" +
    "\\u3400-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
  const RUN = new RegExp(`[${UNSPACED}]+|[^${UNSPACED}]+`, "gu");
  const STARTS_UNSPACED = new RegExp(`^[${UNSPACED}]`, "u");

  function words(text) {
    const lower = text.normalize("NFKD").replace(ACCENTS, "").toLowerCase();
    const plain = lower.replace(/[ßæœøłđðþħŧıς]/g, (letter) => LETTERS[letter]);
    return plain.replace(ACCENTS, "").normalize("NFC").match(/[\p{L}\p{N}\p{M}]+/gu) || [];
  }

  /** Return the terms of a text; of a question, where `asked`, each run of letters without spaces gives its pairs alone. */
  function terms(text, asked) {
    const found = new Set();
    for (const word of words(text)) {
      for (const run of word.match(RUN)) {
        const letters = Array.from(run);
        if (!STARTS_UNSPACED.test(run)) found.add(letters.slice(0, MAX_LETTERS).join(""));
        else if (asked && letters.length > 1) for (let i = 0; i + 1 < letters.length; i++) found.add(letters[i] + letters[i + 1]);
        else for (let i = 0; i < letters.length; i++) found.add(letters[i] + (letters[i + 1] || ""));
      }
    }
    return [...found];
  }

  // ---------------------------------------------------------------- pieces

  const pieces = new Map(), waiting = new Map();
  let loaded = 0;

  window.relatedStories = (name, value) => waiting.get(name)?.(value);

  function piece(name) {
    if (!pieces.has(name)) {
      pieces.set(name, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        const done = (settle, value) => { waiting.delete(name); script.remove(); settle(value); };
        waiting.set(name, (value) => { loaded++; done(resolve, value); });
        script.onerror = () => { pieces.delete(name); done(reject, new Error(`search/${name}.js`)); };
        script.onload = () => { if (waiting.has(name)) script.onerror(); };
        script.src = `search/${name}.js?v=${version}`;
        document.head.append(script);
      }));
    }
    return pieces.get(name);
  }

  const DIGITS = new Uint8Array(128);
  const CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (let i = 0; i < CHARS.length; i++) DIGITS[CHARS.charCodeAt(i)] = i;

  function unpacked(text) {
    const values = [];
    for (let i = 0, value = 0, scale = 1; i < text.length; i++) {
      const digit = DIGITS[text.charCodeAt(i)];
      value += (digit & 31) * scale;
      if (digit < 32) { values.push(value); value = 0; scale = 1; } else scale *= 32;
    }
    return values;
  }

  function sums(text) {
    let sum = 0;
    return unpacked(text).map((value) => (sum += value));
  }

  let about;
  const ready = piece("about").then((value) => { about = value; });

  /** Return one of the things that pieces hold by number: a title, a topic, the events of a topic. */
  async function one(what, number) {
    const size = about.sizes[what], value = await piece(`${what}/${Math.floor(number / size)}`);
    return (typeof value === "string" ? value.split(";") : value)[number % size];
  }

  async function story(first) {
    const all = await piece(`stories/${Math.floor(first / about.sizes.stories)}`);
    const [key, name, stem, from, to, members] = all.find((each) => each[0] === first);
    return { key, name, stem, from, to, events: sums(members) };
  }

  async function topic(number) {
    const [name, stem, kind, count] = await one("topics", number);
    return { key: number, name, stem, kind, count };
  }

  const hex = (text) => Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("") || "0";

  /** Return the entries of the index for a term: of itself, and of all terms that begin with it where it has letters enough. */
  async function entries(term) {
    const exact = term.length < 2 && term < "\u1100"; // one letter of an alphabet begins too many words, a syllable does not
    const begins = about.words, end = exact ? term : term + "\uffff";
    const names = begins.filter((begin, i) => begin <= end && (i + 1 === begins.length || begins[i + 1] > term));
    const found = [];
    for (const text of await Promise.all(names.map((begin) => piece(`words/${hex(begin)}`)))) {
      for (const line of text.split(";")) {
        if (line.startsWith(term)) {
          const [word, events = "", topics = "", stories = ""] = line.split(" ");
          if (word === term || !exact) found.push({ weight: word === term ? 1 : OF_PREFIX, events, topics, stories });
        }
      }
    }
    return found;
  }

  // ---------------------------------------------------------------- search

  const yearOf = (event) => {
    let low = 0, high = about.years.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (about.years[middle][1] <= event) low = middle; else high = middle;
    }
    return about.years[low][0];
  };

  /** Return the keys of topics or stories whose names have all terms, those that have them whole first. */
  function named(found, what) {
    let all = null;
    for (const lines of found) {
      const own = new Map();
      for (const line of lines) for (const key of sums(line[what])) own.set(key, Math.max(line.weight, own.get(key) || 0));
      if (all) for (const [key, weight] of own) if (all.has(key)) own.set(key, weight + all.get(key)); else own.delete(key);
      all = own;
    }
    return all ? [...all].sort((a, b) => b[1] - a[1] || (what === "topics" ? a[0] - b[0] : b[0] - a[0])) : [];
  }

  /** Return a score for each event that has all terms, null where there are no terms to look for. */
  function scored(found) {
    if (!found.length) return null;
    const total = new Float32Array(about.events), count = new Uint8Array(about.events);
    for (const lines of found) {
      const own = new Float32Array(about.events);
      let n = 0;
      for (const { weight, events } of lines) {
        let event = 0;
        for (const value of unpacked(events)) {
          event += Math.floor(value / 4);
          const score = weight * WEIGHTS[value % 4];
          if (!own[event]) n++;
          if (own[event] < score) own[event] = score;
        }
      }
      const rarity = Math.log(1 + about.events / Math.max(1, n));
      for (let event = 0; event < own.length; event++) if (own[event]) { total[event] += own[event] * rarity; count[event]++; }
    }
    for (let event = 0; event < total.length; event++) if (count[event] < found.length) total[event] = 0;
    return total;
  }

  async function eventsOfKind(name) {
    const number = about.kinds.findIndex(([kind]) => kind === name);
    if (number < 0) return new Uint8Array(about.events);
    const text = await piece(`kind/${number}`), has = new Uint8Array(about.events);
    for (let event = 0; event < has.length; event++) {
      has[event] = (DIGITS[text.charCodeAt(Math.floor(event / 6))] >> (event % 6)) & 1;
    }
    return has;
  }

  async function topicNamed(name) {
    const lines = await Promise.all(terms(name).map(entries));
    const keys = named(lines.map((some) => some.filter((line) => line.weight === 1)), "topics").map(([key]) => key);
    for (const each of await Promise.all(keys.map(topic))) if (each.name === name) return each;
    return null;
  }

  async function storyWithDigest(digest) {
    const [line] = (await entries("#" + digest)).filter((each) => each.weight === 1 && each.stories);
    return line ? story(sums(line.stories)[0]) : null;
  }

  /** Return all that a question finds: events best first, the values of the facets, stories and topics by name. */
  async function search(state) {
    await ready;
    const asked = terms(state.q, true), ignored = asked.filter((term) => about.common.includes(term));
    const found = await Promise.all(asked.map(entries));
    const scores = scored(found.filter((_, i) => !ignored.includes(asked[i])));
    const [topics, stories, kinds] = await Promise.all([
      Promise.all(state.topic.map(topicNamed)),
      Promise.all(state.story.map(storyWithDigest)),
      Promise.all(state.kind.map(eventsOfKind)),
    ]);
    const having = await Promise.all(topics.map(async (each) => new Set(each ? sums(await one("having", each.key)) : [])));
    const inStories = state.story.length ? new Set(stories.flatMap((each) => (each ? each.events : []))) : null;
    const years = new Set(state.year.map(Number));
    const anyYear = [], anyStory = [], events = [];
    for (let event = 0; event < about.events; event++) {
      if ((scores && !scores[event]) || !kinds.every((has) => has[event]) || !having.every((has) => has.has(event))) continue;
      const ofYear = !years.size || years.has(yearOf(event)), ofStory = !inStories || inStories.has(event);
      if (ofStory) anyYear.push(event);
      if (ofYear) anyStory.push(event);
      if (ofYear && ofStory) events.push(event);
    }
    events.reverse();
    if (scores) events.sort((a, b) => scores[b] - scores[a] || b - a);
    const byName = { topics: named(found, "topics"), stories: named(found, "stories") };
    return { state, ignored, events, anyYear, anyStory, topics, stories, named: byName };
  }

  function tallied(values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    return [...counts];
  }

  const most = (counts) => counts.sort((a, b) => b[1] - a[1] || a[0] - b[0]);

  /** Return how often each topic, kind and story has one of the events found; null where too much would have to be loaded. */
  async function tagsOf(result, whole) {
    const { state } = result;
    if (result.anyStory.length === about.events && result.events.length === about.events) {
      return { topics: about.topics, kinds: about.kinds.map(([, count], kind) => [kind, count]), stories: about.stories };
    }
    const size = about.sizes.tags, piecesOf = (events) => new Set(events.map((event) => Math.floor(event / size)));
    if (piecesOf(result.events).size > MAX_TAGS && !whole) return null;
    const all = piecesOf(result.anyStory), ofStories = all.size <= MAX_TAGS || whole ? result.anyStory : result.events;
    const wanted = piecesOf(ofStories);
    const [ofTopics, ...texts] = await Promise.all([piece("kinds"), ...[...wanted].map((number) => piece(`tags/${number}`))]);
    const tags = new Map([...wanted].map((number, i) => [number, texts[i].split(";")]));
    const topics = new Map(), kinds = new Map(), stories = new Map(), among = new Set(result.events);
    for (const event of ofStories) {
      const [own, back] = tags.get(Math.floor(event / size))[event % size].split(".");
      if (back) { const [n] = unpacked(back); stories.set(event - n, (stories.get(event - n) || 0) + 1); }
      if (!among.has(event)) continue;
      const ofKinds = new Set();
      for (const number of sums(own)) {
        topics.set(number, (topics.get(number) || 0) + 1);
        ofKinds.add(Number(ofTopics[number]));
      }
      for (const kind of ofKinds) kinds.set(kind, (kinds.get(kind) || 0) + 1);
    }
    const wantedKinds = state.kind.map((name) => about.kinds.findIndex(([kind]) => kind === name));
    const ofWantedKind = ([number]) => !wantedKinds.length || wantedKinds.includes(Number(ofTopics[number]));
    return { topics: most([...topics].filter(ofWantedKind)), kinds: [...kinds], stories: most([...stories]) };
  }

  // ---------------------------------------------------------------- the page

  const $ = (id) => document.getElementById(id);
  const plural = (n, word, words) => `${n.toLocaleString("en")} ${n === 1 ? word : words}`;

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  }

  /** Return a number of events as it stands beside a name; only who hears the page is told what it counts. */
  function counted(n) {
    const what = element("span", { class: "hidden" }, n === 1 ? " event" : " events");
    return element("span", { class: "count" }, n.toLocaleString("en"), what);
  }

  function time(day) {
    const [year, month, date] = day.split("-").map(Number);
    return element("time", { datetime: day }, `${date} ${MONTHS[month - 1]} ${year}`);
  }

  function link(address, text, language) {
    return element("a", { href: address, dir: "auto", lang: language ?? null }, text);
  }

  const FACETS = ["topic", "kind", "year", "story"];

  function stateOfAddress() {
    const given = new URLSearchParams(location.search);
    const state = { q: given.get("q") || "" };
    for (const facet of FACETS) state[facet] = [...new Set(given.getAll(facet))];
    return state;
  }

  function addressOf(state) {
    const given = new URLSearchParams();
    if (state.q) given.set("q", state.q);
    for (const facet of FACETS) for (const value of state[facet]) given.append(facet, value);
    const text = given.toString();
    return location.pathname + (text ? "?" + text : "");
  }

  const title = document.title;
  let state = stateOfAddress(), turn = 0, shown = 0, timer = 0, last = null;

  function changed(next, push) {
    state = next;
    clearTimeout(timer);
    const address = addressOf(state);
    try {
      if (address !== location.pathname + location.search) history[push ? "pushState" : "replaceState"](null, "", address);
    } catch { /* a browser that changes no addresses on a disk */ }
    run();
  }

  function toggled(facet, value) {
    const values = state[facet].includes(value) ? state[facet].filter((each) => each !== value) : [...state[facet], value];
    changed({ ...state, [facet]: values }, true);
  }

  function failed(error) {
    $("status").textContent = `A part of the search could not be loaded (${error.message}). Please try again.`;
  }

  const busy = (value) => $("found").setAttribute("aria-busy", value);

  async function run() {
    const mine = ++turn;
    busy(true);
    try {
      const result = await search(state);
      if (mine !== turn) return;
      last = result;
      showActive(result);
      const lists = Promise.all([showEvents(result, N_SHOWN), showNamed(result)]);
      await Promise.all([lists.then(() => tell(result)), showFacets(result, false)]);
    } catch (error) {
      if (mine === turn) failed(error);
    }
    if (mine === turn) busy(false);
  }

  /** Say how many events there are, once they are there. */
  function tell(result) {
    const { state } = result;
    if (result !== last) return;
    document.title = state.q ? `${state.q} – ${title}` : title;
    const ignored = result.ignored.length ? ` Left out as too common: ${result.ignored.join(", ")}.` : "";
    const nothing = result.events.length ? "" : " Try fewer or shorter words.";
    $("status").textContent = `${plural(result.events.length, "event", "events")}.${ignored}${nothing}`;
  }

  async function showEvents(result, n) {
    const entries = await Promise.all(result.events.slice(0, n).map((event) => one("events", event)));
    if (result !== last) return;
    shown = entries.length;
    $("results").replaceChildren(...entries.map(([title, stem, language]) => {
      const day = /^(\d{4})\/(\d\d)\/(\d+)\//.exec(stem);
      const date = day ? time(`${day[1]}-${day[2]}-${day[3].padStart(2, "0")}`) : "Without a date";
      return element("li", {}, link(`news/${stem}.html`, title, language), element("span", { class: "meta" }, date));
    }));
    $("more").hidden = shown >= result.events.length;
  }

  async function showNamed(result) {
    const best = async (what, read, order) => {
      const candidates = result.named[what].slice(0, N_CANDIDATES), weight = new Map(candidates);
      const all = await Promise.all(candidates.map(([key]) => read(key)));
      all.sort((a, b) => weight.get(b.key) - weight.get(a.key) || order(a, b));
      return all.slice(0, N_NAMED[what]);
    };
    const [stories, topics] = await Promise.all([
      best("stories", story, (a, b) => b.events.length - a.events.length),
      best("topics", topic, (a, b) => b.count - a.count),
    ]);
    if (result !== last) return;
    $("found-stories").replaceChildren(...stories.map((each) => (
      element("li", {}, link(`stories/${each.stem}.html`, each.name), " ", element("span", { class: "meta" }, spanOf(each)))
    )));
    $("found-topics").replaceChildren(...topics.map((each) => {
      const made = link(`topics/${each.stem}.html`, each.name);
      made.append(" ", counted(each.count));
      return element("li", {}, made);
    }));
    $("stories").hidden = !stories.length;
    $("topics").hidden = !topics.length;
  }

  function spanOf(each) {
    const span = element("span", {}, plural(each.events.length, "event", "events"));
    if (each.from === each.to && each.from) span.append(", ", time(each.from));
    else if (each.from) span.append(", from ", time(each.from), " to ", time(each.to));
    return span;
  }

  /** Show what limits the search as buttons that take it away. */
  function showActive(result) {
    const { state } = result;
    const names = {
      topic: (value) => value, kind: (value) => value, year: (value) => yearName(value),
      story: (value, i) => result.stories[i]?.name ?? value,
    };
    const isGone = (facet, i) => (facet === "topic" && !result.topics[i]) || (facet === "story" && !result.stories[i]);
    $("active").replaceChildren(...FACETS.flatMap((facet) => state[facet].map((value, i) => {
      const name = names[facet](value, i), label = `Remove ${facet} ${name}`;
      const button = element("button", { type: "button", "data-key": `x ${facet} ${value}`, "aria-label": label });
      button.append(element("bdi", {}, name), isGone(facet, i) ? ` (no such ${facet})` : "", " ×");
      button.addEventListener("click", () => { toggled(facet, value); $("q").focus(); });
      return element("li", {}, button);
    })));
  }

  const yearName = (year) => (String(year) === "0" ? "Without a date" : String(year));

  /** Show the values that may limit the search further; nothing is loaded while they are closed, as on a phone at first. */
  async function showFacets(result, whole) {
    const { state } = result;
    if (!$("narrow").open) return;
    const tags = await tagsOf(result, whole);
    const years = tallied(result.anyYear.map(yearOf)).sort((a, b) => b[0] - a[0]);
    const values = { year: years.map(([year, n]) => [String(year), yearName(year), n]) };
    if (tags) {
      values.kind = most(tags.kinds).map(([kind, n]) => [about.kinds[kind][0], about.kinds[kind][0], n]);
      const read = (counts, n, get, value) => Promise.all(counts.slice(0, n).map(async ([key, count]) => {
        const each = await get(key);
        return [value(each), each.name, count];
      }));
      [values.topic, values.story] = await Promise.all([
        read(tags.topics, N_VALUES.topic + state.topic.length, topic, (each) => each.name),
        read(tags.stories, N_VALUES.story, story, (each) => each.stem.split("/")[1]),
      ]);
    }
    if (result !== last) return;
    // What limits the search stays among the values, although none of them may be left.
    for (const facet of FACETS) {
      const known = values[facet] || (values[facet] = []);
      state[facet].forEach((value, i) => {
        if (known.some(([each]) => each === value)) return;
        const name = facet === "story" ? result.stories[i]?.name : facet === "year" ? yearName(value) : value;
        const topicCount = facet === "topic" || facet === "kind" ? result.events.length : null;
        known.unshift([value, name ?? value, tags ? (topicCount ?? (facet === "story" ? storyCount(result, i) : 0)) : null]);
      });
    }
    const focused = document.activeElement?.dataset?.key;
    for (const facet of FACETS) {
      const box = $(`facet-${facet}`);
      box.replaceChildren(...values[facet].map(([value, name, n]) => {
        const checked = state[facet].includes(value);
        const input = element("input", { type: "checkbox", "data-key": `${facet} ${value}`, checked });
        input.addEventListener("change", () => toggled(facet, value));
        const count = n === null ? [] : [" ", counted(n)];
        return element("li", {}, element("label", {}, input, element("bdi", {}, name), ...count));
      }));
      box.parentElement.hidden = !values[facet].length;
    }
    $("count").hidden = tags !== null;
    if (focused) [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === focused)?.focus();
  }

  function storyCount(result, i) {
    const among = new Set(result.anyStory);
    return (result.stories[i]?.events ?? []).filter((event) => among.has(event)).length;
  }

  // ---------------------------------------------------------------- keys and changes

  const links = () => [...document.querySelectorAll("#found a")].filter((each) => each.offsetParent !== null);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target, typing = target === $("q"), all = links(), at = all.indexOf(target);
    if (event.key === "/" && !target.matches("input:not([type=checkbox]), textarea, select")) {
      $("q").focus();
      $("q").select();
    } else if (event.key === "Escape" && (typing || at >= 0 || target === document.body)) {
      $("q").value = "";
      $("q").focus();
      changed({ ...state, q: "" }, false);
    } else if (event.key === "ArrowDown" && (typing || at >= 0) && all.length) {
      all[Math.min(at + 1, all.length - 1)].focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      (all[at - 1] || $("q")).focus();
    } else return;
    event.preventDefault();
  });

  function typed() {
    busy(true);
    clearTimeout(timer);
    timer = setTimeout(() => changed({ ...state, q: $("q").value.trim() }, false), DELAY);
  }

  $("q").addEventListener("input", (event) => { if (!event.isComposing) typed(); });
  $("q").addEventListener("compositionend", typed);
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    changed({ ...state, q: $("q").value.trim() }, true);
  });
  $("more").addEventListener("click", async () => {
    const before = shown;
    await showEvents(last, shown + N_SHOWN).catch(failed);
    $("results").children[before]?.querySelector("a").focus();
  });
  $("narrow").addEventListener("toggle", () => { if (last) showFacets(last, false).catch(failed); });
  $("count").addEventListener("click", () => { showFacets(last, true).catch(failed); });
  window.addEventListener("popstate", () => {
    state = stateOfAddress();
    $("q").value = state.q;
    run();
  });

  window.relatedStories.terms = terms; // for tests: the same as in Python
  Object.defineProperty(window.relatedStories, "loaded", { get: () => loaded });

  $("found").hidden = false;
  $("narrow").open = matchMedia("(min-width: 45rem)").matches;
  $("q").value = state.q;
  run();
})();
