# Ends the server for maintenance without cutting transfers off that end soon:
#
#	mtsd admin --keep-going -f maintenance.mts
message all "The server goes down for maintenance in a minute."
wait state=sending timeout=60s
drain
