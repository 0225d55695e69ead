// GitHub's own expressions in TypeScript, npm @actions/expressions, for the differential test.
// One JSON line each on standard input: {expr, contexts}, contexts with their values as encoded below; one line
// on standard output: {kind, value} or {stage, message, position}. Values: ["Number", "1.5"], ["String", "a"],
// ["Boolean", true], ["Null"], ["Array", [value, …]], ["Object", [[key, value], …]].
//
// Where the package differs from the C# of actions/runner (src/Sdk/Expressions), the C# decides. The differences
// are corrected here, each by its rule; the rest is the package's own work.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import path from "node:path";

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../../.oracles");
const dist = path.join(root, "node_modules/@actions/expressions/dist");
const load = (file) => import(pathToFileURL(path.join(dist, file)).href);
const data = await load("data/index.js");
const { Array: DataArray } = await load("data/array.js");
const { Lexer, TokenType } = await load("lexer.js");
const { Parser } = await load("parser.js");
const { Evaluator } = await load("evaluator.js");
const { coerceTypes, equals, greaterThan, lessThan } = await load("result.js");
const { wellKnownFunctions } = await load("funcs.js");
const { FilteredArray } = await load("filtered_array.js");
const { Star } = await load("ast.js");
const { Kind } = data;

class Failed extends Error {} // evaluation, as the C# has it
class NoWord extends Error {} // the package has no opinion: JSON that only Newtonsoft.Json reads

// Rule: .NET's white space (Char.IsWhiteSpace) is not JavaScript's.
const BLANK = "\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
const BLANKS = new RegExp(`[${BLANK}]`, "g");
const TRIM = new RegExp(`^[${BLANK}]+|[${BLANK}]+$`, "g");

// Rule: a number in the very middle between two of 15 digits goes to the even one in .NET (Number.Dragon4Double, where
// the comparison with the half is 0), to the larger one in JavaScript (Number.prototype.toExponential, "pick the larger n").
function toEven(number) {
  const [digits, power] = number.toExponential(100).replace(".", "").split("e");
  const kept = digits.replace("-", "").slice(0, 15);
  const isTie = /^50*$/.test(digits.replace("-", "").slice(15)) && Number(kept.at(-1)) % 2 === 0;
  return isTie ? Math.sign(number) * Number(`${kept}e${Number(power) - 14}`) : number;
}

// Rule: numbers are written with 15 significant digits in .NET's G15, not as JavaScript writes them.
function g15(given) {
  if (Number.isNaN(given) || !Number.isFinite(given)) return String(given);
  if (given === 0) return "0";
  const number = toEven(given);
  const [digits, exponent] = number.toExponential(14).split("e");
  const power = Number(exponent);
  const strip = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (power >= -5 && power < 15 && power > -5) return strip(number.toFixed(Math.max(0, 14 - power)));
  return `${strip(digits)}E${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
data.NumberData.prototype.coerceString = function () {
  return g15(this.value);
};

// Rule: text becomes a number as ExpressionUtility.ParseNumber has it: Double.TryParse, then 0x and 0o in small
// letters as 32 bits. JavaScript also reads 0X, 0b, wider ones, and not "infinity" in any case.
function parseNumber(text) {
  const given = text.replace(TRIM, "");
  if (given === "") return 0;
  if (/^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\0*$/.test(given)) return Number(given.replace(/\0/g, ""));
  if (/^[-+]?infinity$/i.test(given)) return given.startsWith("-") ? -Infinity : Infinity;
  const based = /^0x[0-9a-fA-F]+$/.test(given) || /^0o[0-7]+$/.test(given);
  const number = based ? Number(given) : NaN;
  return number > 0xffffffff ? NaN : number > 0x7fffffff ? number - 0x100000000 : number;
}
data.StringData.prototype.number = function () {
  return parseNumber(this.value);
};

// Rule: text is compared character by character in simple capital letters (OrdinalIgnoreCase); JavaScript's
// capital letters may be two ("ß"), and its small ones serve contains().
function fold(text) {
  let folded = "";
  for (const character of text) {
    const upper = character.toUpperCase();
    folded += character === "ı" || character === "ſ" || upper.length !== character.length ? character : upper;
  }
  return folded;
}
Evaluator.prototype.visitBinary = function (binary) {
  const [left, right] = [this.eval(binary.left), this.eval(binary.right)];
  const [cl, cr] = coerceTypes(left, right);
  if (cl.kind === Kind.String && cr.kind === Kind.String) {
    const [l, r] = [fold(cl.value), fold(cr.value)];
    const order = l < r ? -1 : l > r ? 1 : 0;
    const type = binary.operator.type;
    const answers = {
      [TokenType.EQUAL_EQUAL]: order === 0, [TokenType.BANG_EQUAL]: order !== 0, [TokenType.GREATER]: order > 0,
      [TokenType.GREATER_EQUAL]: order >= 0, [TokenType.LESS]: order < 0, [TokenType.LESS_EQUAL]: order <= 0,
    };
    return new data.BooleanData(answers[type]);
  }
  switch (binary.operator.type) {
    case TokenType.EQUAL_EQUAL: return new data.BooleanData(equals(left, right));
    case TokenType.BANG_EQUAL: return new data.BooleanData(!equals(left, right));
    case TokenType.GREATER: return new data.BooleanData(greaterThan(left, right));
    case TokenType.GREATER_EQUAL: return new data.BooleanData(equals(left, right) || greaterThan(left, right));
    case TokenType.LESS: return new data.BooleanData(lessThan(left, right));
    default: return new data.BooleanData(equals(left, right) || lessThan(left, right));
  }
};

// Rule: an object's keys are looked up as text is compared; the package's table also holds what every JavaScript
// object has ("constructor"). Of equal keys the last value counts, under the first spelling.
data.Dictionary.prototype.add = function (key, value) {
  this.table ??= new Map();
  const known = this.table.get(fold(key));
  if (known !== undefined) {
    this.v[known] = value;
    return;
  }
  this.keys.push(key);
  this.v.push(value);
  this.table.set(fold(key), this.v.length - 1);
};
data.Dictionary.prototype.get = function (key) {
  const index = this.table?.get(fold(key));
  return index === undefined ? undefined : this.v[index];
};
data.Dictionary.prototype.pairs = function () {
  return this.keys.map((key, index) => ({ key, value: this.v[index] }));
};

// Rule: what an index is applied to is evaluated first, and the index only where that is a collection.
const visitIndex = Evaluator.prototype.visitIndexAccess;
Evaluator.prototype.visitIndexAccess = function (access) {
  const target = this.eval(access.expr);
  if (target.primitive) return access.index instanceof Star ? new FilteredArray() : new data.Null();
  const key = access.index instanceof Star ? null : this.eval(access.index);
  const index = key === null ? access.index : { accept: () => key };
  return visitIndex.call(this, { index, expr: { accept: () => target } });
};

// Rule: arguments are evaluated when they are needed, not all before the call.
Evaluator.prototype.visitFunctionCall = function (call) {
  const name = call.functionName.lexeme.toLowerCase();
  const argument = (index) => this.eval(call.args[index]);
  return (corrected[name] ?? ((count, get) => wellKnownFunctions[name].call(...call.args.map((_, i) => get(i)))))(
    call.args.length, argument,
  );
};
const text = (value) => new data.StringData(value);
const both = (test) => (_, argument) => {
  const left = argument(0);
  if (!left.primitive) return new data.BooleanData(false);
  const right = argument(1);
  if (!right.primitive) return new data.BooleanData(false);
  return new data.BooleanData(test(fold(left.coerceString()), fold(right.coerceString())));
};
const corrected = {
  case(count, argument) {
    for (let index = 0; index < count - 1; index += 2) {
      const predicate = argument(index);
      if (predicate.kind !== Kind.Boolean) throw new Failed("case predicate must evaluate to a boolean value");
      if (predicate.value) return argument(index + 1);
    }
    return argument(count - 1);
  },
  startswith: both((left, right) => left.startsWith(right)),
  endswith: both((left, right) => left.endsWith(right)),
  contains(count, argument) {
    const left = argument(0);
    if (left.primitive) return both((a, b) => a.includes(b))(count, (index) => (index ? argument(1) : left));
    if (left.kind !== Kind.Array || left.values().length === 0) return new data.BooleanData(false);
    const right = argument(1);
    const same = (one) =>
      one.kind === Kind.String && right.kind === Kind.String
        ? fold(one.value) === fold(right.value)
        : equals(right, one);
    return new data.BooleanData(left.values().some(same));
  },
  join(count, argument) {
    const items = argument(0);
    const needed = items.kind === Kind.Array && items.values().length > 1 && count > 1;
    return wellKnownFunctions.join.call(items, ...(needed ? [argument(1)] : []));
  },
  // Rule: what stands after the number in a placeholder must be ":" and is refused; numbers end at 255.
  format(count, argument) {
    const pattern = argument(0).coerceString();
    const parts = [];
    const invalid = () => new Failed(`The following format string is invalid: ${pattern}`);
    let at = 0;
    while (at < pattern.length) {
      const rest = pattern.slice(at);
      const plain = /^[^{}]+/.exec(rest);
      if (plain) {
        parts.push(plain[0]);
        at += plain[0].length;
      } else if (rest.startsWith("{{") || rest.startsWith("}}")) {
        parts.push(rest[0]);
        at += 2;
      } else {
        const place = /^\{([0-9]+)(?::((?:[^}]|\}\})*))?\}/.exec(rest);
        // A "}}" within specifiers is a brace, so that the last one ends them only if it stands alone.
        if (!place || Number(place[1]) > 255) throw invalid();
        if (Number(place[1]) > count - 2) {
          throw new Failed(`The following format string references more arguments than were supplied: ${pattern}`);
        }
        parts.push([Number(place[1]), place[2] ?? ""]);
        at += place[0].length;
      }
    }
    const known = new Map();
    return text(
      parts
        .map((part) => {
          if (typeof part === "string") return part;
          if (!known.has(part[0])) known.set(part[0], argument(part[0] + 1));
          const value = known.get(part[0]);
          if (part[1] !== "") throw new Failed("The format specifiers are not valid");
          return value.coerceString();
        })
        .join(""),
    );
  },
  // Rule: Newtonsoft.Json writes U+0085, U+2028, U+2029 as escapes and halves of characters as they are; numbers
  // are G15, also NaN and Infinity; keys keep their order.
  tojson: (_, argument) => text(json(argument(0), "\n")),
  // Rule: Newtonsoft.Json reads more than JSON; of what JSON.parse refuses nothing is said here. A half of a
  // character in an escape becomes U+FFFD, and an integer has at most 380 digits.
  fromjson(_, argument) {
    const given = argument(0).coerceString();
    if (given.replace(TRIM, "") === "") throw new Failed("Error reading JToken from JsonReader.");
    try {
      JSON.parse(given);
    } catch {
      throw new NoWord();
    }
    return new Reader(given).value();
  },
};

function json(value, line) {
  const quoted = (given) => {
    const escapes = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b", "\\": "\\\\", '"': '\\"' };
    const escaped = (c) => escapes[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
    return `"${given.replace(/[\0-\x1f"\\\u0085\u2028\u2029]/g, escaped)}"`;
  };
  const inner = `${line}  `;
  const list = (open, items, close) =>
    items.length ? `${open}${inner}${items.join(`,${inner}`)}${line}${close}` : open + close;
  if (value.kind === Kind.Array) return list("[", value.values().map((item) => json(item, inner)), "]");
  if (value.kind === Kind.Dictionary) {
    return list("{", value.pairs().map((pair) => `${quoted(pair.key)}: ${json(pair.value, inner)}`), "}");
  }
  if (value.kind === Kind.String) return quoted(value.value);
  return value.kind === Kind.Null ? "null" : value.coerceString();
}

// Strict JSON, known to be right, with the order of its keys and those that are there twice.
class Reader {
  constructor(source) {
    this.tokens = source.match(/"(?:[^"\\]|\\.)*"|[-+.\w]+|[[\]{},:]/gs);
    this.at = 0;
  }
  value() {
    const token = this.tokens[this.at++];
    if (token === "[") {
      const items = new DataArray();
      while (this.tokens[this.at] !== "]") {
        items.add(this.value());
        if (this.tokens[this.at] === ",") this.at++;
      }
      this.at++;
      return items;
    }
    if (token === "{") {
      const object = new data.Dictionary();
      while (this.tokens[this.at] !== "}") {
        const key = whole(JSON.parse(this.tokens[this.at]), this.tokens[this.at]);
        this.at += 2;
        object.add(key, this.value());
        if (this.tokens[this.at] === ",") this.at++;
      }
      this.at++;
      return object;
    }
    const plain = JSON.parse(token);
    if (plain === null) return new data.Null();
    if (typeof plain === "string") return text(whole(plain, token));
    return typeof plain === "boolean" ? new data.BooleanData(plain) : new data.NumberData(plain);
  }
}
const whole = (value, written) => (/\\u[dD][89a-fA-F]/.test(written) ? value.toWellFormed() : value);

// Rule: in a string literal every '' is a quote, not the first alone.
const lex = Lexer.prototype.lex;
Lexer.prototype.lex = function () {
  const result = lex.call(this);
  for (const token of result.tokens) {
    if (token.type === TokenType.STRING) token.value = token.lexeme.slice(1, -1).replaceAll("''", "'");
  }
  return result;
};

// Rule: a comma must be followed by an argument; the package takes "f(a, )".
const match = Parser.prototype.match;
Parser.prototype.match = function (...types) {
  if (types[0] === TokenType.RIGHT_PAREN && types.length === 1 && this.offset > 0) {
    const before = this.previous();
    if (before.type === TokenType.COMMA && this.check(TokenType.RIGHT_PAREN)) {
      throw this.buildError(0, this.peek());
    }
  }
  return match.apply(this, types);
};

function decode([kind, value]) {
  switch (kind) {
    case "Null": return new data.Null();
    case "Boolean": return new data.BooleanData(value);
    case "Number": return new data.NumberData(Number(value));
    case "String": return text(value);
    case "Array": return new DataArray(...value.map(decode));
    default: return new data.Dictionary(...value.map(([key, item]) => ({ key, value: decode(item) })));
  }
}

function encode(value) {
  switch (value.kind) {
    case Kind.Null: return ["Null"];
    case Kind.Boolean: return ["Boolean", value.value];
    case Kind.Number: return ["Number", String(value.value)];
    case Kind.String: return ["String", value.value];
    case Kind.Array: return ["Array", value.values().map(encode)];
    default: return ["Object", value.pairs().map((pair) => [pair.key, encode(pair.value)])];
  }
}

// .NET's white space outside of string literals, as the white space that the package knows.
const spaced = (source) => source.replace(/'[^']*'?|[^']+/g, (part) => (part[0] === "'" ? part : part.replace(BLANKS, " ")));

function answer({ expr, contexts }) {
  let stage = "lexing";
  try {
    const names = Object.keys(contexts);
    const { tokens } = new Lexer(spaced(expr)).lex();
    stage = "parsing";
    const tree = new Parser(tokens, names, []).parse();
    stage = "evaluation";
    if (tree === undefined) return { value: ["Null"] };
    const given = new data.Dictionary(...names.map((key) => ({ key, value: decode(contexts[key]) })));
    return { value: encode(new Evaluator(tree, given).evaluate()) };
  } catch (error) {
    if (error instanceof NoWord) return { nothing: true };
    const column = error.pos?.column ?? Number(/position ([0-9]+)/.exec(error.message)?.[1] ?? 0) - 1;
    const internal = stage === "evaluation" && !(error instanceof Failed);
    return { stage, message: error.message, position: column + 1, ...(internal ? { internal: String(error.stack) } : {}) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}
