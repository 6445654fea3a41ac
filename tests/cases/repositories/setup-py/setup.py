from setuptools import setup

setup(
    name="nets",
    version="1.0",
    packages=["nets"],
    install_requires=["six"],
    entry_points={"console_scripts": ["train-nets = nets:main"]},
)
