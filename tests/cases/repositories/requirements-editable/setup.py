from setuptools import setup

setup(name="nets", version="1.0", py_modules=["nets"], install_requires=["toolz"])
