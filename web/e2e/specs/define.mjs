// The list of tests. `city` names the centre a test runs on; what measures or changes it for others goes `alone`, after the rest.

export const specs = [];

export const test = (name, run, { city = "small", alone = false } = {}) => specs.push({ name, run, city, alone });
