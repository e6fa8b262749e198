// Written by scripts/zone-data.mjs from the time zone databases 2025b and 2015g and CLDR 48.0; not by hand.

/** Abbreviations, each with offsets and a place that has them; no offset: of both seasons. */
export const ABBREVIATIONS = `
ACDT +10:30 Australia/Adelaide; ACST +09:30 Australia/Adelaide; ACT -05:00 America/Rio_Branco;
ACWDT +09:45 Australia/Eucla; ACWST +08:45 Australia/Eucla; ADDT -02:00 America/Goose_Bay;
ADT -03:00 America/Halifax, +04:00 Asia/Baghdad; AEDT +11:00 Australia/Sydney; AEST +10:00 Australia/Sydney;
AET Australia/Sydney; AFT +04:30 Asia/Kabul; AHDT -09:00 America/Anchorage; AHST -10:00 America/Adak;
AKDT -08:00 America/Anchorage; AKST -09:00 America/Anchorage; AKT America/Anchorage;
AKTST +06:00 Asia/Aqtobe; AKTT +05:00 Asia/Aqtobe, +06:00 Asia/Aqtobe; ALMST +07:00 Asia/Almaty;
ALMT +06:00 Asia/Almaty; AMST +05:00 Asia/Yerevan, -03:00 America/Campo_Grande;
AMT -04:00 America/Manaus, +04:00 Asia/Yerevan; ANAST +12:00 Asia/Anadyr, +13:00 Asia/Anadyr;
ANAT +12:00 Asia/Anadyr, +11:00 Asia/Anadyr; AQTST +05:00 Asia/Aqtau, +06:00 Asia/Aqtobe;
AQTT +05:00 Asia/Aqtobe, +04:00 Asia/Aqtau;
ARST -03:00 America/Argentina/Buenos_Aires, -02:00 America/Argentina/Buenos_Aires;
ART -03:00 America/Argentina/Buenos_Aires; ASHST +05:00 Asia/Ashgabat, +06:00 Asia/Ashgabat;
ASHT +05:00 Asia/Ashgabat, +04:00 Asia/Ashgabat; AST -04:00 America/Halifax, +03:00 Asia/Baghdad;
AT America/Halifax; AWDT +09:00 Australia/Perth; AWST +08:00 Australia/Perth; AZOST +00:00 Atlantic/Azores;
AZOT -01:00 Atlantic/Azores; AZST +05:00 Asia/Baku; AZT +04:00 Asia/Baku;
BAKST +04:00 Asia/Baku, +05:00 Asia/Baku; BAKT +04:00 Asia/Baku; BDST +07:00 Asia/Dhaka;
BDT +06:00 Asia/Dhaka; BNT +08:00 Asia/Brunei; BORT +08:00 Asia/Kuching; BOT -04:00 America/La_Paz;
BRST -02:00 America/Sao_Paulo; BRT -03:00 America/Sao_Paulo;
BST +01:00 Europe/London, +11:00 Pacific/Bougainville; BTT +06:00 Asia/Thimphu; CAST +11:00 Antarctica/Casey;
CAT +02:00 Africa/Maputo; CCT +06:30 Indian/Cocos; CDT -05:00 America/Chicago, -04:00 America/Havana;
CEST +02:00 Europe/Berlin; CET +01:00 Europe/Berlin; CGST -01:00 America/Scoresbysund;
CGT -02:00 America/Scoresbysund; CHADT +13:45 Pacific/Chatham; CHAST +12:45 Pacific/Chatham;
CHAT Pacific/Chatham; CHOST +09:00 Asia/Choibalsan, +10:00 Asia/Choibalsan;
CHOT +08:00 Asia/Choibalsan, +09:00 Asia/Choibalsan; CHUT +10:00 Pacific/Chuuk;
CKHST -09:30 Pacific/Rarotonga; CKT -10:00 Pacific/Rarotonga; CLST -03:00 America/Santiago;
CLT -04:00 America/Santiago, -03:00 America/Santiago; COST -04:00 America/Bogota; COT -05:00 America/Bogota;
CST -06:00 America/Chicago, +08:00 Asia/Shanghai, -05:00 America/Havana; CT America/Chicago;
CVT -01:00 Atlantic/Cape_Verde; CXT +07:00 Indian/Christmas; DACT +06:00 Asia/Dhaka;
DAVT +07:00 Antarctica/Davis, +05:00 Antarctica/Davis; DDUT +10:00 Antarctica/DumontDUrville;
DUSST +06:00 Asia/Dushanbe, +07:00 Asia/Dushanbe; DUST +06:00 Asia/Dushanbe; EASST -05:00 Pacific/Easter;
EAST -05:00 Pacific/Easter, -06:00 Pacific/Easter; EAT +03:00 Africa/Nairobi; ECT -05:00 America/Guayaquil;
EDT -04:00 America/New_York; EEST +03:00 Europe/Helsinki; EET +02:00 Europe/Helsinki;
EGST +00:00 America/Scoresbysund; EGT -01:00 America/Scoresbysund; EHDT -04:30 America/Santo_Domingo;
EST -05:00 America/New_York; ET America/New_York; FET +03:00 Europe/Minsk; FJST +13:00 Pacific/Fiji;
FJT +12:00 Pacific/Fiji; FKST -03:00 Atlantic/Stanley; FKT -04:00 Atlantic/Stanley;
FNST -01:00 America/Noronha; FNT -02:00 America/Noronha; FRUST +06:00 Asia/Bishkek, +07:00 Asia/Bishkek;
FRUT +06:00 Asia/Bishkek; GALT -06:00 Pacific/Galapagos; GAMT -09:00 Pacific/Gambier;
GDT +11:00 Pacific/Guam; GEST +04:00 Asia/Tbilisi, +05:00 Asia/Tbilisi;
GET +04:00 Asia/Tbilisi, +03:00 Asia/Tbilisi; GFT -03:00 America/Cayenne; GILT +12:00 Pacific/Tarawa;
GST +04:00 Asia/Dubai, -02:00 Atlantic/South_Georgia, +10:00 Pacific/Guam; GYT -04:00 America/Guyana;
HAA -03:00 America/Halifax; HAC -05:00 America/Chicago; HADT -09:00 America/Adak;
HAE -04:00 America/New_York; HAP -07:00 America/Los_Angeles; HAPM -02:00 America/Miquelon;
HAR -06:00 America/Denver; HAST -10:00 Pacific/Honolulu; HAT -02:30 America/St_Johns;
HDT -09:00 America/Adak; HKST +09:00 Asia/Hong_Kong; HKT +08:00 Asia/Hong_Kong; HNA -04:00 America/Halifax;
HNC -06:00 America/Chicago; HNE -05:00 America/New_York; HNP -08:00 America/Los_Angeles;
HNPM -03:00 America/Miquelon; HNR -07:00 America/Denver; HNT -03:30 America/St_Johns; HOVST +08:00 Asia/Hovd;
HOVT +07:00 Asia/Hovd; HPM America/Miquelon; HST -10:00 Pacific/Honolulu; HT America/St_Johns;
ICT +07:00 Asia/Bangkok; IDT +03:00 Asia/Jerusalem; IOT +06:00 Indian/Chagos; IRDT +04:30 Asia/Tehran;
IRKST +09:00 Asia/Irkutsk; IRKT +08:00 Asia/Irkutsk, +09:00 Asia/Irkutsk; IRST +03:30 Asia/Tehran;
IST +05:30 Asia/Kolkata, +01:00 Europe/Dublin, +02:00 Asia/Jerusalem; JST +09:00 Asia/Tokyo;
KART +05:00 Asia/Karachi; KDT +10:00 Asia/Seoul; KGST +06:00 Asia/Bishkek;
KGT +06:00 Asia/Bishkek, +05:00 Asia/Bishkek; KIZST +06:00 Asia/Qyzylorda;
KIZT +05:00 Asia/Qyzylorda, +06:00 Asia/Qyzylorda; KOST +11:00 Pacific/Kosrae; KRAST +08:00 Asia/Krasnoyarsk;
KRAT +07:00 Asia/Krasnoyarsk, +08:00 Asia/Krasnoyarsk; KST +09:00 Asia/Seoul, +08:30 Asia/Pyongyang;
KUYST +05:00 Europe/Samara; KUYT +04:00 Europe/Samara, +03:00 Europe/Samara; KWAT -12:00 Pacific/Kwajalein;
LHDT +11:00 Australia/Lord_Howe; LHST +10:30 Australia/Lord_Howe; LHT Australia/Lord_Howe;
LINT +14:00 Pacific/Kiritimati; LKT +06:00 Asia/Colombo; LRT -00:45 Africa/Monrovia;
MAGST +12:00 Asia/Magadan; MAGT +11:00 Asia/Magadan, +10:00 Asia/Magadan, +12:00 Asia/Magadan;
MALT +07:30 Asia/Kuala_Lumpur; MART -09:30 Pacific/Marquesas;
MAWT +05:00 Antarctica/Mawson, +06:00 Antarctica/Mawson; MDT -06:00 America/Denver;
MEST +02:00 Europe/Brussels; MESZ +02:00 Europe/Berlin; MET +01:00 Europe/Brussels; MEZ +01:00 Europe/Berlin;
MHT +12:00 Pacific/Majuro; MIST +11:00 Antarctica/Macquarie; MMT +06:30 Asia/Rangoon; MOST +09:00 Asia/Macau;
MOT +08:00 Asia/Macau; MSD +04:00 Europe/Moscow; MSK +03:00 Europe/Moscow, +04:00 Europe/Moscow;
MST -07:00 America/Denver; MT America/Denver; MUST +05:00 Indian/Mauritius; MUT +04:00 Indian/Mauritius;
MVT +05:00 Indian/Maldives; MYT +08:00 Asia/Kuala_Lumpur; NCST +12:00 Pacific/Noumea;
NCT +11:00 Pacific/Noumea; NDDT -01:30 America/St_Johns; NDT -02:30 America/St_Johns;
NEGT -03:30 America/Paramaribo; NFST +12:30 Pacific/Norfolk;
NFT +11:00 Pacific/Norfolk, +11:30 Pacific/Norfolk; NOVST +07:00 Asia/Novosibirsk;
NOVT +07:00 Asia/Novosibirsk, +06:00 Asia/Novosibirsk; NPT +05:45 Asia/Kathmandu; NRT +12:00 Pacific/Nauru;
NST -03:30 America/St_Johns; NT America/St_Johns; NUT -11:00 Pacific/Niue; NZDT +13:00 Pacific/Auckland;
NZST +12:00 Pacific/Auckland; NZT Pacific/Auckland; OESZ +03:00 Europe/Helsinki; OEZ +02:00 Europe/Helsinki;
OMSST +07:00 Asia/Omsk; OMST +06:00 Asia/Omsk, +07:00 Asia/Omsk; ORAST +05:00 Asia/Oral;
ORAT +05:00 Asia/Oral, +04:00 Asia/Oral; PDT -07:00 America/Los_Angeles; PEST -04:00 America/Lima;
PET -05:00 America/Lima; PETST +12:00 Asia/Kamchatka, +13:00 Asia/Kamchatka;
PETT +12:00 Asia/Kamchatka, +11:00 Asia/Kamchatka; PGT +10:00 Pacific/Port_Moresby;
PHOT +13:00 Pacific/Enderbury; PHST +09:00 Asia/Manila; PHT +08:00 Asia/Manila; PKST +06:00 Asia/Karachi;
PKT +05:00 Asia/Karachi; PMDT -02:00 America/Miquelon; PMST -03:00 America/Miquelon; PMT America/Miquelon;
PNT -08:30 Pacific/Pitcairn; PONT +11:00 Pacific/Pohnpei; PST -08:00 America/Los_Angeles, +08:00 Asia/Manila;
PT America/Los_Angeles; PWT +09:00 Pacific/Palau; PYST -03:00 America/Asuncion; PYT -04:00 America/Asuncion;
QYZST +07:00 Asia/Qyzylorda; QYZT +06:00 Asia/Qyzylorda; RET +04:00 Indian/Reunion;
ROTT -03:00 Antarctica/Rothera; SAKST +11:00 Asia/Sakhalin; SAKT +11:00 Asia/Sakhalin, +10:00 Asia/Sakhalin;
SAMST +04:00 Europe/Samara, +05:00 Europe/Samara; SAMT +04:00 Europe/Samara, +03:00 Europe/Samara;
SAST +02:00 Africa/Johannesburg; SBT +11:00 Pacific/Guadalcanal; SCT +04:00 Indian/Mahe;
SDT -10:00 Pacific/Apia; SELČ +02:00 Europe/Berlin; SEČ +01:00 Europe/Berlin; SGT +08:00 Asia/Singapore;
SHEST +06:00 Asia/Aqtau; SHET +05:00 Asia/Aqtau, +06:00 Asia/Aqtau; SRET +11:00 Asia/Srednekolymsk;
SRT -03:00 America/Paramaribo; SST -11:00 Pacific/Pago_Pago;
SVEST +05:00 Asia/Yekaterinburg, +06:00 Asia/Yekaterinburg;
SVET +05:00 Asia/Yekaterinburg, +04:00 Asia/Yekaterinburg; SYOT +03:00 Antarctica/Syowa;
TAHT -10:00 Pacific/Tahiti; TASST +06:00 Asia/Tashkent, +07:00 Asia/Tashkent; TAST +06:00 Asia/Tashkent;
TBIST +04:00 Asia/Tbilisi, +05:00 Asia/Tbilisi; TBIT +04:00 Asia/Tbilisi; TFT +05:00 Indian/Kerguelen;
TJT +05:00 Asia/Dushanbe; TKT +13:00 Pacific/Fakaofo, -11:00 Pacific/Fakaofo; TLT +09:00 Asia/Dili;
TMT +05:00 Asia/Ashgabat; TOST +14:00 Pacific/Tongatapu; TOT +13:00 Pacific/Tongatapu;
TRST +04:00 Europe/Istanbul; TRT +03:00 Europe/Istanbul; TSİ Europe/Istanbul; TVT +12:00 Pacific/Funafuti;
UCT +00:00 Etc/UCT; ULAST +09:00 Asia/Ulaanbaatar; ULAT +08:00 Asia/Ulaanbaatar;
URAST +05:00 Asia/Oral, +06:00 Asia/Oral; URAT +05:00 Asia/Oral, +04:00 Asia/Oral, +06:00 Asia/Oral;
UYHST -02:30 America/Montevideo; UYST -02:00 America/Montevideo; UYT -03:00 America/Montevideo;
UZST +06:00 Asia/Tashkent; UZT +05:00 Asia/Tashkent; VET -04:00 America/Caracas, -04:30 America/Caracas;
VLAST +11:00 Asia/Vladivostok; VLAT +10:00 Asia/Vladivostok, +11:00 Asia/Vladivostok;
VOLST +04:00 Europe/Volgograd, +05:00 Europe/Volgograd;
VOLT +03:00 Europe/Volgograd, +04:00 Europe/Volgograd; VOST +06:00 Antarctica/Vostok;
VUST +12:00 Pacific/Efate; VUT +11:00 Pacific/Efate; WAKT +12:00 Pacific/Wake;
WARST -03:00 America/Argentina/San_Luis; WART -04:00 America/Argentina/San_Luis; WAST +02:00 Africa/Windhoek;
WAT +01:00 Africa/Lagos; WEST +01:00 Europe/Lisbon; WESZ +01:00 Europe/Lisbon; WET +00:00 Europe/Lisbon;
WEZ +00:00 Europe/Lisbon; WFT +12:00 Pacific/Wallis; WGST -02:00 America/Godthab; WGT -03:00 America/Godthab;
WIB +07:00 Asia/Jakarta; WIT +09:00 Asia/Jayapura; WITA +08:00 Asia/Makassar; WSDT +14:00 Pacific/Apia;
WSST +13:00 Pacific/Apia; XJT +06:00 Asia/Urumqi; YAKST +10:00 Asia/Chita;
YAKT +09:00 Asia/Chita, +10:00 Asia/Chita; YDT -08:00 America/Juneau; YEKST +06:00 Asia/Yekaterinburg;
YEKT +05:00 Asia/Yekaterinburg, +06:00 Asia/Yekaterinburg; YERST +04:00 Asia/Yerevan, +05:00 Asia/Yerevan;
YERT +04:00 Asia/Yerevan; YST -09:00 America/Anchorage
`;

/** The full names of CLDR, without `Time` at their end. */
export const LONG_NAMES = `
Acre Standard; Afghanistan; Alaska Daylight; Alaska Standard; Alaska; Amazon Standard;
American Samoa Standard; Arabian Standard; Argentina Standard; Armenia Standard; Atlantic Daylight;
Atlantic Standard; Atlantic; Australian Central Daylight; Australian Central Standard; Australian Central;
Australian Central Western Standard; Australian Eastern Daylight; Australian Eastern Standard;
Australian Eastern; Australian Western Standard; Azerbaijan Standard; Azores Standard; Azores Summer; Azores;
Bangladesh Standard; Bhutan; Bolivia; Bougainville; Brasilia Standard; British Summer; Brunei;
Cape Verde Standard; Central Africa; Central Daylight; Central European Standard; Central European Summer;
Central European; Central Indonesia; Central Standard; Central; Chamorro Standard; Chatham Daylight;
Chatham Standard; Chatham; Chile Standard; Chile Summer; Chile; China Standard; Christmas Island; Chuuk;
Cocos Islands; Colombia Standard; Cook Islands Standard; Coyhaique; Cuba Daylight; Cuba Standard; Cuba;
Davis; Dumont d’Urville; East Africa; Easter Island Standard; Easter Island Summer; Easter Island;
Eastern Daylight; Eastern European Standard; Eastern European Summer; Eastern European; Eastern Indonesia;
Eastern Standard; Eastern; Ecuador; Falkland Islands Standard; Fernando de Noronha Standard; Fiji Standard;
French Guiana; French Southern & Antarctic; Galapagos; Gambier; Georgia Standard; Gilbert Islands;
Greenland Standard; Greenland Summer; Greenland; Greenwich Mean; Guernsey; Gulf Standard; Guyana;
Hawaii-Aleutian Daylight; Hawaii-Aleutian Standard; Hawaii-Aleutian; Hong Kong Standard; India Standard;
Indian Ocean; Indochina; Iran Standard; Ireland; Irish Standard; Irkutsk Standard; Isle of Man;
Israel Daylight; Israel Standard; Israel; Japan Standard; Jersey; Jordan; Kamchatka Standard; Kazakhstan;
Khovd Standard; Korean Standard; Kosrae; Krasnoyarsk Standard; Kyrgyzstan; Line Islands; Lord Howe Daylight;
Lord Howe Standard; Lord Howe; Magadan Standard; Malaysia; Maldives; Marquesas; Marshall Islands;
Mauritius Standard; Mawson; Mexican Pacific Standard; Morocco; Moscow Standard; Mountain Daylight;
Mountain Standard; Mountain; Myanmar; Nauru; Nepal; New Caledonia Standard; New Zealand Daylight;
New Zealand Standard; New Zealand; Newfoundland Daylight; Newfoundland Standard; Newfoundland; Niue;
Norfolk Island Daylight; Norfolk Island Standard; Norfolk Island; Omsk Standard; Pacific Daylight;
Pacific Standard; Pacific; Pakistan Standard; Palau; Palmer Land; Papua New Guinea; Paraguay Standard;
Peru Standard; Philippine Standard; Phoenix Islands; Pitcairn; Pohnpei; Punta Arenas; Rothera; Réunion;
Samara Standard; Samoa Standard; Seychelles; Singapore Standard; Solomon Islands; South Africa Standard;
South Georgia; St. Pierre & Miquelon Daylight; St. Pierre & Miquelon Standard; St. Pierre & Miquelon;
Suriname; Syowa; Syria; Tahiti; Taiwan Standard; Tajikistan; Timor-Leste; Tokelau; Tonga Standard;
Troll Station; Turkmenistan Standard; Tuvalu; Türkiye Standard; Ulaanbaatar Standard; United Kingdom;
Uruguay Standard; Uzbekistan Standard; Vanuatu Standard; Venezuela; Vladivostok Standard; Vostok;
Wake Island; Wallis & Futuna; West Africa; Western European Standard; Western European Summer;
Western European; Western Indonesia; Western Sahara; Yakutsk Standard; Yekaterinburg Standard; Yukon; Ürümqi
`;

/** Every name of the zone database that has a slash, its own links included, by area. */
export const AREAS = `
Africa: Abidjan Accra Addis_Ababa Algiers Asmara Asmera Bamako Bangui Banjul Bissau Blantyre Brazzaville
Bujumbura Cairo Casablanca Ceuta Conakry Dakar Dar_es_Salaam Djibouti Douala El_Aaiun Freetown Gaborone
Harare Johannesburg Juba Kampala Khartoum Kigali Kinshasa Lagos Libreville Lome Luanda Lubumbashi Lusaka
Malabo Maputo Maseru Mbabane Mogadishu Monrovia Nairobi Ndjamena Niamey Nouakchott Ouagadougou Porto-Novo
Sao_Tome Timbuktu Tripoli Tunis Windhoek

America: Adak Anchorage Anguilla Antigua Araguaina Argentina/Buenos_Aires Argentina/Catamarca
Argentina/ComodRivadavia Argentina/Cordoba Argentina/Jujuy Argentina/La_Rioja Argentina/Mendoza
Argentina/Rio_Gallegos Argentina/Salta Argentina/San_Juan Argentina/San_Luis Argentina/Tucuman
Argentina/Ushuaia Aruba Asuncion Atikokan Atka Bahia Bahia_Banderas Barbados Belem Belize Blanc-Sablon
Boa_Vista Bogota Boise Buenos_Aires Cambridge_Bay Campo_Grande Cancun Caracas Catamarca Cayenne Cayman
Chicago Chihuahua Ciudad_Juarez Coral_Harbour Cordoba Costa_Rica Coyhaique Creston Cuiaba Curacao
Danmarkshavn Dawson Dawson_Creek Denver Detroit Dominica Edmonton Eirunepe El_Salvador Ensenada Fort_Nelson
Fort_Wayne Fortaleza Glace_Bay Godthab Goose_Bay Grand_Turk Grenada Guadeloupe Guatemala Guayaquil Guyana
Halifax Havana Hermosillo Indiana/Indianapolis Indiana/Knox Indiana/Marengo Indiana/Petersburg
Indiana/Tell_City Indiana/Vevay Indiana/Vincennes Indiana/Winamac Indianapolis Inuvik Iqaluit Jamaica Jujuy
Juneau Kentucky/Louisville Kentucky/Monticello Knox_IN Kralendijk La_Paz Lima Los_Angeles Louisville
Lower_Princes Maceio Managua Manaus Marigot Martinique Matamoros Mazatlan Mendoza Menominee Merida
Metlakatla Mexico_City Miquelon Moncton Monterrey Montevideo Montreal Montserrat Nassau New_York Nipigon
Nome Noronha North_Dakota/Beulah North_Dakota/Center North_Dakota/New_Salem Nuuk Ojinaga Panama Pangnirtung
Paramaribo Phoenix Port-au-Prince Port_of_Spain Porto_Acre Porto_Velho Puerto_Rico Punta_Arenas Rainy_River
Rankin_Inlet Recife Regina Resolute Rio_Branco Rosario Santa_Isabel Santarem Santiago Santo_Domingo
Sao_Paulo Scoresbysund Shiprock Sitka St_Barthelemy St_Johns St_Kitts St_Lucia St_Thomas St_Vincent
Swift_Current Tegucigalpa Thule Thunder_Bay Tijuana Toronto Tortola Vancouver Virgin Whitehorse Winnipeg
Yakutat Yellowknife

Antarctica: Casey Davis DumontDUrville Macquarie Mawson McMurdo Palmer Rothera South_Pole Syowa Troll Vostok

Arctic: Longyearbyen

Asia: Aden Almaty Amman Anadyr Aqtau Aqtobe Ashgabat Ashkhabad Atyrau Baghdad Bahrain Baku Bangkok Barnaul
Beirut Bishkek Brunei Calcutta Chita Choibalsan Chongqing Chungking Colombo Dacca Damascus Dhaka Dili Dubai
Dushanbe Famagusta Gaza Harbin Hebron Ho_Chi_Minh Hong_Kong Hovd Irkutsk Istanbul Jakarta Jayapura Jerusalem
Kabul Kamchatka Karachi Kashgar Kathmandu Katmandu Khandyga Kolkata Krasnoyarsk Kuala_Lumpur Kuching Kuwait
Macao Macau Magadan Makassar Manila Muscat Nicosia Novokuznetsk Novosibirsk Omsk Oral Phnom_Penh Pontianak
Pyongyang Qatar Qostanay Qyzylorda Rangoon Riyadh Saigon Sakhalin Samarkand Seoul Shanghai Singapore
Srednekolymsk Taipei Tashkent Tbilisi Tehran Tel_Aviv Thimbu Thimphu Tokyo Tomsk Ujung_Pandang Ulaanbaatar
Ulan_Bator Urumqi Ust-Nera Vientiane Vladivostok Yakutsk Yangon Yekaterinburg Yerevan

Atlantic: Azores Bermuda Canary Cape_Verde Faeroe Faroe Jan_Mayen Madeira Reykjavik South_Georgia St_Helena
Stanley

Australia: ACT Adelaide Brisbane Broken_Hill Canberra Currie Darwin Eucla Hobart LHI Lindeman Lord_Howe
Melbourne NSW North Perth Queensland South Sydney Tasmania Victoria West Yancowinna

Brazil: Acre DeNoronha East West

Canada: Atlantic Central Eastern Mountain Newfoundland Pacific Saskatchewan Yukon

Chile: Continental EasterIsland

Etc: GMT GMT+0 GMT+1 GMT+10 GMT+11 GMT+12 GMT+2 GMT+3 GMT+4 GMT+5 GMT+6 GMT+7 GMT+8 GMT+9 GMT-0 GMT-1 GMT-10
GMT-11 GMT-12 GMT-13 GMT-14 GMT-2 GMT-3 GMT-4 GMT-5 GMT-6 GMT-7 GMT-8 GMT-9 GMT0 Greenwich UCT UTC Universal
Zulu

Europe: Amsterdam Andorra Astrakhan Athens Belfast Belgrade Berlin Bratislava Brussels Bucharest Budapest
Busingen Chisinau Copenhagen Dublin Gibraltar Guernsey Helsinki Isle_of_Man Istanbul Jersey Kaliningrad Kiev
Kirov Kyiv Lisbon Ljubljana London Luxembourg Madrid Malta Mariehamn Minsk Monaco Moscow Nicosia Oslo Paris
Podgorica Prague Riga Rome Samara San_Marino Sarajevo Saratov Simferopol Skopje Sofia Stockholm Tallinn
Tirane Tiraspol Ulyanovsk Uzhgorod Vaduz Vatican Vienna Vilnius Volgograd Warsaw Zagreb Zaporozhye Zurich

Indian: Antananarivo Chagos Christmas Cocos Comoro Kerguelen Mahe Maldives Mauritius Mayotte Reunion

Mexico: BajaNorte BajaSur General

Pacific: Apia Auckland Bougainville Chatham Chuuk Easter Efate Enderbury Fakaofo Fiji Funafuti Galapagos
Gambier Guadalcanal Guam Honolulu Johnston Kanton Kiritimati Kosrae Kwajalein Majuro Marquesas Midway Nauru
Niue Norfolk Noumea Pago_Pago Palau Pitcairn Pohnpei Ponape Port_Moresby Rarotonga Saipan Samoa Tahiti
Tarawa Tongatapu Truk Wake Wallis Yap

US: Alaska Aleutian Arizona Central East-Indiana Eastern Hawaii Indiana-Starke Michigan Mountain Pacific
Samoa
`;

/** Months, in de, fr, es, pt, it, nl, sv, da, nb, fi, pl, cs, ro, hu, tr, ru, uk, id. */
export const MONTHS = `
abril agosto agustus août april aprile aprilie aralık august augusti augustus augusztus avril ağustos březen
března czerwca czerwiec december decembrie desember dezember dezembro dicembre diciembre duben dubna
décembre ekim elokuu elokuuta enero eylül febbraio febrero februar februari februarie február fevereiro
février gennaio giugno grudnia grudzień haziran heinäkuu heinäkuuta helmikuu helmikuuta huhtikuu huhtikuuta
ianuarie iulie iunie janeiro januar januari január janvier joulukuu joulukuuta juillet juin julho juli julio
junho juni junio július június kasım kesäkuu kesäkuuta květen května kwiecień kwietnia leden ledna lipca
lipiec listopad listopada listopadu lokakuu lokakuuta luglio lutego luty maaliskuu maaliskuuta maart maggio
mai maio maj maja marca maret marraskuu marraskuuta mars mart martie marts marzec marzo março mayo mayıs mei
május március märz nisan noiembrie november novembre novembro noviembre ocak octobre octombrie octubre
oktober október ottobre outubro październik października prosince prosinec september septembre septembrie
septiembre setembro settembre sierpień sierpnia srpen srpna styczeń stycznia syyskuu syyskuuta szeptember
tammikuu tammikuuta temmuz toukokuu toukokuuta wrzesień września září április únor února červen července
červenec června říjen října şubat август августа апрель апреля березень березня вересень вересня грудень
грудня декабрь декабря жовтень жовтня июль июля июнь июня квітень квітня липень липня листопад листопада
лютий лютого май март марта мая ноябрь ноября октябрь октября сентябрь сентября серпень серпня січень січня
травень травня февраль февраля червень червня январь января
`;

/** Days of the week, in de, fr, es, pt, it, nl, sv, da, nb, fi, pl, cs, ro, hu, tr, ru, uk, id. */
export const WEEKDAYS = `
cmt cs csütörtök cum cuma cumartesi czw czwartek di dienstag dim dimanche dinsdag do dom domenica domingo
donderdag donnerstag dum duminică fr fre fredag freitag gio giovedì hétfő jeu jeudi joi jue jueves jum jumat
kam kamis ke kedd keskiviikko la lauantai lun lundi lunedì lunes luni lör lördag lør lørdag ma maanantai
maandag man mandag mar mardi martedì martes marți mer mercoledì mercredi mi mie miercuri min minggu mittwoch
mié miércoles mo montag mån måndag ne neděle niedz niedziela ons onsdag paz pazar pazartesi pe per perjantai
perşembe piątek po pon pondělí poniedziałek pt pzt pá pátek péntek qua quarta-feira qui quinta-feira rab
rabu sa sab sabato sabtu sal salı sam samedi samstag seg segunda-feira sel selasa sen senin sex sexta-feira
so sob sobota sonntag st středa su sunnuntai sze szerda szo szombat sáb sábado sâm sâmbătă sön söndag søn
søndag ter terça-feira ti tiistai tir tirs tirsdag tis tisdag to tor tors torsdag torstai vasárnap ven
vendredi venerdì vie viernes vin vineri vr vrijdag wo woensdag wt wtorek za zaterdag zo zondag çar çarşamba
út úterý čt čtvrtek śr środa воскресенье вс вт вторник вівторок нд неділя пʼятниця пн понедельник понеділок
пт пятница сб середа ср среда суббота субота четвер четверг чт
`;

/** The days from the one before yesterday to tomorrow, in the same. */
export const DAYS = `
alaltăieri amanhã anteayer anteontem ayer azi besok bugün demain dnes domani dzisiaj dün eergisteren eilen
gestern gisteren heute hier hoje holnap hoy huomenna ieri jutro kemarin ma mañana morgen mâine oggi ontem
przedwczoraj předevčírem tegnap tegnapelőtt tänään vandaag vorgestern včera wczoraj yarın zítra вчера завтра
позавчера позавчора сегодня сьогодні учора
`;
