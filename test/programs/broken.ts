/** A successor that does not even start. */
throw new Error("this release is broken");
