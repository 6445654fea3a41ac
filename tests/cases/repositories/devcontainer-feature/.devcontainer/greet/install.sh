#!/bin/sh -e
printf '#!/bin/sh\necho "%s"\n' "$WORD" > /usr/local/bin/greet
chmod +x /usr/local/bin/greet
