// Security keys: the browser asks for the key, its answer goes into the form.
const form = document.querySelector("form.security-key");
const options = JSON.parse(document.getElementById("security-key-options").textContent);

async function answer() {
  if (options.creation_options) {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.creation_options.publicKey);
    return navigator.credentials.create({ publicKey });
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.request_options.publicKey);
  return navigator.credentials.get({ publicKey });
}

form.querySelector("button").addEventListener("click", async () => {
  try {
    form.elements.credential.value = JSON.stringify((await answer()).toJSON());
  } catch {
    form.querySelector("[role=alert]").hidden = false;
    return;
  }
  form.submit();
});
