// Fails when docs/openapi.json is no OpenAPI document, or when an example in it is not what its schema says.

import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

const path = new URL("../docs/openapi.json", import.meta.url);
const document = JSON.parse(readFileSync(path, "utf8"));

const { valid, errors } = await new Validator().validate(structuredClone(document));
const faults = valid ? [] : [JSON.stringify(errors, null, 2)];

const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(document, "openapi");

let compared = 0;
/** Compares each example of a media type with the schema beside it, at `pointer` of the document. */
function compare(media, pointer) {
  for (const [name, reference] of Object.entries(media.examples ?? {})) {
    const example = document.components.examples[reference.$ref.split("/").pop()];
    const check = ajv.getSchema(`openapi#${pointer}/schema`);
    if (!check(example.value)) {
      faults.push(`${name} at ${pointer}: ${ajv.errorsText(check.errors)}`);
    }
    compared += 1;
  }
}

/** Finds every media type object, wherever it stands. */
function walk(value, pointer) {
  if (value === null || typeof value !== "object") {
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    const at = `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (key === "application/json") {
      compare(inner, at);
    }
    walk(inner, at);
  }
}
walk(document.paths, "/paths");
walk(document.components.responses, "/components/responses");

if (faults.length > 0 || compared === 0) {
  console.error(faults.join("\n") || "docs/openapi.json has no examples");
  process.exit(1);
}
console.log(
  `docs/openapi.json is OpenAPI ${document.openapi}, and its ${compared} examples are what their schemas say`,
);
