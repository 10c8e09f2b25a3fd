"""The names of months and of days of the week in more than 40 languages, as dates are written with them.

From the Unicode CLDR, wide and abbreviated, in lower case and without full stops. A name that is one month in one language
and another month in another, such as "listopad", is left out, as are names of a single letter.
"""

from __future__ import annotations

__all__ = ["MONTHS", "WEEKDAYS"]

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "ean eanáir ene enero gen gener gennaio ian ianuarie ion ionawr jaan jaanuar jaenner jan janar janeiro januar "
            "januari januarie january január januára janv janvier janvāris janúar jänner led leden ledna oca ocak saus "
            "sausio sausis sij siječanj siječnja sty styczeń stycznia tammi tammikuu tammikuuta urt urtarrila xan xaneiro "
            "ιαν ιανουάριοσ ιανουαρίου сту студзень студзеня січ січень січня янв январь января яну януари јан јануар "
            "јануари ינו ינואר يناير",
            "chw chwef chwefror feabh feabhra feb febbraio feber febr febreiro febrer febrero februar februari februarie "
            "february február februára februāris febrúar fev fevereiro févr février helmi helmikuu helmikuuta lut lutego "
            "luty ots otsaila shk shkurt vas vasario vasaris veebr veebruar velj veljača veljače úno únor února şub şubat "
            "φεβ φεβρουάριοσ φεβρουαρίου лют лютага лютий лютого люты феб фебруар фев февр февраль февраля февруари פבר "
            "פברואר فبراير",
            "bře březen března kov kovas kovo maalis maaliskuu maaliskuuta maart mac maerz mar marca march marec maret mars "
            "mart martie marts martxoa marzec marzo març março maw mawrth mrt mrz márc március márta mär märts märz ožu "
            "ožujak ožujka μάρ μάρτιοσ μαρ μαρτίου бер березень березня мар март марта сак сакавік сакавіка מרץ مارس",
            "abr abril aib aibreán api apirila apr april aprile aprilie aprill apríl apríla aprīlis avr avril bal balandis "
            "balandžio dub duben dubna ebr ebrill huhti huhtikuu huhtikuuta kwi kwiecień kwietnia nis nisan pri prill tra "
            "travanj travnja ápr április απρ απρίλιοσ απριλίου апр апрель апреля април квіт квітень квітня кра красавік "
            "красавіка אפר אפריל أبريل",
            "beal bealtaine geg gegužė gegužės kvě květen května mag maggio mai maiatza maig maijs maio maj maja may mayo "
            "mayıs maí mei máj mája május svi svibanj svibnja touko toukokuu toukokuuta μάι μάιοσ μαΐ μαΐου май мая мај "
            "трав травень травня מאי مايو मई",
            "birž birželio birželis cze czerwca czerwiec eka ekaina giu giugno haz haziran iun iunie juin jun june junho "
            "juni junie junij junio juny juuni jún júna június júní jūn jūnijs kesä kesäkuu kesäkuuta lipanj lipnja meh "
            "mehefin meith meitheamh qer qershor xuño červen června čvn ιουν ιουνίου ιούν ιούνιοσ июн июнь июня черв "
            "червень червня чэр чэрвень чэрвеня юни јун јуни יוני يونيو",
            "gor gorff gorffennaf heinä heinäkuu heinäkuuta iul iulie iúil juil juillet jul julai julho juli julie julij "
            "julio juliol july juuli júl júla július júlí jūl jūlijs korr korrik liep liepa liepos lipca lipiec lug luglio "
            "srpanj srpnja tem temmuz uzt uztaila xul xullo července červenec čvc ιουλ ιουλίου ιούλ ιούλιοσ июл июль июля "
            "лип липень липня ліп ліпень ліпеня юли јул јули יולי يوليو",
            "abu abuztua ag ago agost agosto agu agustus août aug august augusta augusti augusts augustus augusztus avg "
            "avgust awst ağu ağustos elo elokuu elokuuta gush gusht kol kolovoz kolovoza lún lúnasa ogo ogos rugp rugpjūtis "
            "rugpjūčio sie sierpień sierpnia srpen srpna ágú ágúst αυγ αυγούστου αύγ αύγουστοσ авг август августа жні "
            "жнівень жніўня серп серпень серпня אוג אוגוסט أغسطس",
            "eyl eylül ira iraila medi mfómh rugs rugsėjis rugsėjo ruj rujan rujna sep sept septembar september septembra "
            "septembre septembrie septembris septiembre set setembre setembro settembre sht shtator syys syyskuu syyskuuta "
            "szept szeptember wrz wrzesień września zář září σεπ σεπτέμβριοσ σεπτεμβρίου вер верасень верасня вересень "
            "вересня сент сентябрь сентября сеп септембар септември ספט ספטמבר سبتمبر",
            "dfómh eki ekim hyd hydref loka lokakuu lokakuuta oct october octobre octombrie octubre okt oktobar oktober "
            "oktobris oktoober október októbra ott ottobre out outubro paź październik października spal spalio spalis tet "
            "tetor urr urria říj říjen října οκτ οκτωβρίου οκτώβριοσ жовт жовтень жовтня кас кастрычнік кастрычніка окт "
            "октобар октомври октябрь октября אוק אוקטובר أكتوبر",
            "aza azaroa kas kasım lapkr lapkritis lapkričio listopadu marras marraskuu marraskuuta noiembrie nov novembar "
            "november novembra novembre novembris novembro noviembre nën nëntor nóv nóvember samh samhain stu studeni "
            "studenoga tach tachwedd νοέ νοέμβριοσ νοε νοεμβρίου лист листопад листопада ліс лістапад лістапада нов "
            "новембар ное ноември нояб ноябрь ноября נוב נובמבר نوفمبر",
            "abe abendua ara aralık dec decembar december decembra decembrie decembris decembro des desember desembre dets "
            "detsember dez dezember dezembro dhj dhjetor dic dicembre diciembre dis disember déc décembre gru grudnia "
            "grudzień gruod gruodis gruodžio joulu joulukuu joulukuuta noll nollaig pro prosinac prosinca prosince prosinec "
            "rhag rhagfyr δεκ δεκέμβριοσ δεκεμβρίου груд грудень грудня дек декабрь декабря декември дец децембар сне "
            "снежань снежня דצמ דצמבר ديسمبر",
        ),
        1,
    )
    for name in names.split()
}
"""The number of the month that a word names."""

_WEEKDAYS = """
    ahad ahd al an antradienis aoine ar asteartea asteazkena astelehena az ceturtd ceturtdiena cmt cs csütörtök cum
    cuma cumartesi czw czwartek céad dc dg di die dienstag dijous dilluns dim dimanche dimarts dimecres dinsdag
    dissabte diumenge divendres dj dl do dom domenica domh domingo donderdag donnerstag ds dt dum duminică dv déar
    déardaoin enj esmaspäev feira fim fimmtudagur fr fre fredag freitag fri friday fös föstudagur gio giovedì gwe
    gwen hétfő hën iau ig igandea isn isnin jeu jeudi joi jue jueves jum jumaat jumat kam kamis ke kedd keskiviikko
    keskiviikkona ketvirtadienis kha khamis kolmapäev kt la larunbata lau lauantai lauantaina laugardagur laupäev
    laurdag llun lr luan lun lundi lunedì lunes luni luns lör lördag lør lørdag ma maanantai maanantaina maandag man
    mandag mar mardi martedì martes marți maw mer mercoledì mercredi mi mie miercuri min minggu mittwoch mié
    miércoles mið miðvikudagur mo mon monday montag máirt mán mánudagur må mån måndag mér mércores mër ne ned
    nedelja nedeľa nedjelja neděle neljapäev niedz niedziela og on ons onsdag or osteguna ostirala otrd otrdiena paz
    pazar pazartesi pe penktadienis per perjantai perjantaina perşembe pet petak petek pi piatok piektd piektdiena
    pirmadienis pirmd pirmdiena piątek pn po pon pondelok pondělí ponedeljak ponedeljek ponedjeljak poniedziałek pr
    pre pt pzt pá pátek péntek pühapäev qua quarta qui quinta rab rabu reede sa sab sabato sabtu sad sal salı sam
    samedi samstag sat saterdag sath saturday seg segunda sekmadienis sel selasa sen senin sestd sestdiena sex sexta
    sht sk so sob sobota sondag sonntag sre sreda sri srijeda st streda středa su sub subota sul sun sunday
    sunnudagur sunnuntai sunnuntaina svētd svētdiena sze szerda szo szombat sáb sábado sâm sâmbătă sön söndag sø søn
    søndag teisipäev ter terça thu thurs thursday ti tiistai tiistaina tir tirs tirsdag tis tisdag to tor torek tors
    torsdag torstai torstaina tr trečiadienis trešd trešdiena tue tues tuesday ty tysdag ut uto utorak utorok
    vasárnap ven vendredi venerdì venres vie viernes vin vineri vr vrijdag vrydag wed wednesday wo woensdag wt
    wtorek xov xoves za zaterdag zo zondag çar çarşamba út úterý þri þriðjudagur čet četrtek četvrtak čt čtvrtek śr
    środa šeštadienis št štvrtok δευ δευτέρα κυρ κυριακή πέμ πέμπτη παρ παρασκευή σάβ σάββατο τετ τετάρτη τρί τρίτη
    аў аўторак воскресенье вс вт вто вторник вівторок нд нед недела неделя недеља неділя нядзеля пʼятниця панядзелак
    пет петак петок петък пн пон понеделник понедельник понедељак понеділок пт пятница пятніца саб сабота сб серада
    середа ср сре среда сряда суб суббота субота събота уто уторак чацвер чет четвер четверг четвртак четврток
    четвъртък чт чц שבת الأحد الأربعاء الاثنين الثلاثاء الجمعة الخميس السبت
"""
WEEKDAYS = frozenset(_WEEKDAYS.split())
"""The words that name a day of the week, which says nothing that the date does not."""
