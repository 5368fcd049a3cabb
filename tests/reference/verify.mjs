// Reads {"secret", "headers", "body"} from standard input; says "genuine" or why it is not.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.REFERENCE_MODULES + "/");
const { Webhook } = require("standardwebhooks");
const { secret, headers, body } = JSON.parse(readFileSync(0, "utf8"));
try {
  new Webhook(secret).verify(body, headers);
  console.log("genuine");
} catch (error) {
  console.log(error.message);
}
