# Stops the server for maintenance. Transfers have a minute to finish before it
# takes no more sessions:
#
#	mtsd admin --keep-going -f maintenance.mts
message all "The server goes down for maintenance in a minute."
wait state=sending timeout=60s
drain
