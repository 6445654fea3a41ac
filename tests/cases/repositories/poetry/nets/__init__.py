import six

SIX = six.__name__
