"use strict";
// validatorUrl: null keeps Swagger UI from asking a service of its makers whether the document is valid.
SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#page",
  validatorUrl: null,
  queryConfigEnabled: false,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
});
