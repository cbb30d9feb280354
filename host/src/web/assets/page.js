// What makes the pages livelier. Everything works without it.
