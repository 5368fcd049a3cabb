/* Draws the operations of the API. The key that is pasted in stays in this browser. */
(function () {
  "use strict";
  var place = document.getElementById("api-docs");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  function paint() {
    document.documentElement.classList.toggle("dark-mode", dark.matches);
  }

  paint();
  dark.addEventListener("change", paint);
  window.SwaggerUIBundle({
    url: place.dataset.schema,
    domNode: place,
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    displayRequestDuration: true,
    // The groups are the table of contents; all operations at once it does not even draw.
    docExpansion: "none",
    defaultModelsExpandDepth: 0,
    filter: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    validatorUrl: null
  });
})();
