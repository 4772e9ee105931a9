// A client of the API, with which the tests fill an inventory and look at it.

/** Signs in and returns the client. Its cookie is what a browser would keep. */
export async function signIn(url, username, password) {
  const answer = await send(url, "POST", "/session", { username, password });
  const [name, value] = answer.headers.getSetCookie()[0].split(";")[0].split("=");
  return client(url, { name, value });
}

/** Returns the client of somebody who is signed in. */
export function client(url, { name, value }) {
  const call = async (method, path, body) => {
    const text = await (await send(url, method, path, body, { Cookie: `${name}=${value}` })).text();
    return text ? JSON.parse(text) : null;
  };
  return {
    cookie: { name, value, url },
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, body),
    put: (path, body) => call("PUT", path, body),
    delete: (path) => call("DELETE", path),
  };
}

async function send(url, method, path, body, headers = {}) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { "Content-Type": "application/json", Origin: url, ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}
