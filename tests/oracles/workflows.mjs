// GitHub's own parser of workflows, npm @actions/workflow-parser, for the differential test.
// One JSON string (a workflow's text) a line on standard input; on standard output one line for each: the list
// of errors as [line, message], line 0 where none is told. Parsed and converted, with every feature allowed.
import { register } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import path from "node:path";

// The package imports its tables as JSON without saying so, which node refuses: a hook makes modules of them.
register(
  `data:text/javascript,import { readFile } from "node:fs/promises";
  export async function load(url, context, next) {
    if (!url.endsWith(".json")) return next(url, context);
    return {
      format: "module", shortCircuit: true, source: "export default " + (await readFile(new URL(url), "utf8")),
    };
  }`.replace(/\n/g, " "),
);

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../../.oracles");
const dist = path.join(root, "node_modules/@actions/workflow-parser/dist");
const load = (file) => import(pathToFileURL(file).href);
const { parseWorkflow } = await load(path.join(dist, "workflows/workflow-parser.js"));
const { convertWorkflowTemplate, ErrorPolicy } = await load(path.join(dist, "model/convert.js"));
const { getWorkflowSchema } = await load(path.join(dist, "workflows/workflow-schema.js"));
const { TemplateContext, TemplateValidationErrors } = await load(path.join(dist, "templates/template-context.js"));
const { NoOperationTraceWriter } = await load(path.join(dist, "templates/trace-writer.js"));
const { FeatureFlags } = await load(path.join(root, "node_modules/@actions/expressions/dist/features.js"));

async function errors(content) {
  try {
    const context = new TemplateContext(
      new TemplateValidationErrors(), getWorkflowSchema(), new NoOperationTraceWriter(),
    );
    context.state.featureFlags = new FeatureFlags({ all: true });
    const { value } = parseWorkflow({ name: "w.yml", content }, context);
    if (value !== undefined) {
      await convertWorkflowTemplate(context, value, undefined, {
        errorPolicy: ErrorPolicy.TryConversion,
        featureFlags: context.state.featureFlags,
      });
    }
    return context.errors.getErrors().map((e) => [e.range?.start.line ?? 0, e.rawMessage]);
  } catch (error) {
    return [[0, `internal: ${error.message}`]];
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await errors(JSON.parse(line))) + "\n");
}
