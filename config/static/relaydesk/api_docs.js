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
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    filter: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    validatorUrl: null
  });
})();
