/** Shows every problem of a configuration file, or the JSON Schema of the configuration. */
import { checkFile, jsonSchema, problemLine } from "../../../config/index.ts";
import { pluralise } from "../../../kit/text/pluralise.ts";
import { configIn } from "../../arguments.ts";
import type { Globals, Terminal } from "../../screen/terminal.ts";

/** Exit 1 when a problem is an error; warnings alone are fine. */
export async function configCheck(file: string | undefined, options: Globals, terminal: Terminal): Promise<number> {
  const asked = configIn(file ?? options.config, terminal.say);
  const { problems } = await checkFile(asked, terminal.lang);
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.length - errors;
  if (terminal.json) terminal.document({ file: asked, ok: errors === 0, errors, warnings, problems });
  else {
    const { say, lines, lang } = terminal;
    for (const problem of problems) lines(problemLine(problem, lang));
    const wrong = errors === 0 ? say("configOk") : pluralise(errors, say("errorsFound"));
    lines(`${asked}: ${wrong}, ${pluralise(warnings, say("warnings"))}`);
  }
  return errors === 0 ? 0 : 1;
}

export async function configSchema(terminal: Terminal): Promise<number> {
  terminal.document(await jsonSchema());
  return 0;
}
