"""What the live tests stand on: private engines, a registry, a browser and an ordinary user, all made and removed here.

Nothing of the developer's is touched: the engines have storage, sockets and networks of their own.
"""
