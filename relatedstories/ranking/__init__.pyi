from .explanation import Explanation as Explanation
from .explanation import Part as Part
from .links import Link as Link
from .links import Links as Links
from .selection import select as select
