from .links import Explanation as Explanation
from .links import Link as Link
from .links import Links as Links
from .links import Part as Part
from .selection import select as select
