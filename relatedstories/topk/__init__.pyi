from .join import ANY_DAY as ANY_DAY
from .join import NO_DATE as NO_DATE
from .join import DateFactor as DateFactor
from .join import blended as blended
from .join import self_topk as self_topk
