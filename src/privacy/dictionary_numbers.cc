#include "privacy/name_dictionary.h"

namespace sluice::privacy {
namespace {

// clang-format off
constexpr DictionaryLine kLines[] = {
    {Concept::kNumber, "idno 号码 號碼 رقم संख्या nomor "
     "documento number numbers num no nr nbr nummer numer numero num nro numarasi numara cislo numéro broj номер 号 號 番号 번호 nmbr nrs nmr"},
    {Concept::kId, "idno insid id ids identifier ident uid uuid guid pk fk oid kennung identifiant identificador identificativo identyfikator key"},
    {Concept::kCode, "code cd cod kod kode codigo codice codes kennzahl kennziffer"},
    {Concept::kIdentity, "الهوية "
     "pers nik ktp "
     "ausw national nat identity identification citizen civil personal person social soc security sec socialsecurity resident residence government govt gov sozial sozialversicherung sozialvers sv svnr versicherungs ausweis personalausweis personen ident identitat "
                         "identite secu sociale identidad ciudadania seguridad identidade cidadao documento identita cittadino identiteit burger burgerservice tozsamosci dowod osobisty henkilo tunnus rodne person 身份证 身分証 证件 주민등록 паспорт identitetsnummer fiscal identificacion dokument documentnumber"},
    {Concept::kTax, "tax taxpayer taxid tin itin ein vat steuer steuerid steuernummer steuernr steuerident ust ustid uid fiscal fiscale fisc impot impots fiscales tributario tributaria imposto contribuinte fiscaal belasting btw podatkowy podatnik skatt skatte vero danove vergi"},
    {Concept::kPassport, "pasp ppt traveldocument traveldocuments passport passports psprt pspt pport passp pass reisepass passnummer passnr passeport pasaporte passaporte passaporto paspoort paspoortnummer paszport paszportu pas passi pasaport загранпаспорт huzhao ryoken 护照 旅券 여권 traveldoc"},
    {Concept::kLicence, "carta prukaz licno forerkort foererkort jogositvany vezetoi vezetoiengedely vodicsky ridicak vozacka dozvola habilitacion fsnr fsnummer "
     "fuehrerschein licence license lic licen lizenz schein fuhrerschein permis permiso licencia carteira patente patentino rijbewijs prawo jazdy korkort kjorekort korekort ajokortti ridicsky carnet cnh habilitacao ehliyet dl dln dlno"},
    {Concept::kDriving, "ridic forerkort foererkort jogositvany vezetoi vezetoiengedely vodicsky ridicak vozacka habilitacion cond fsnr fsnummer "
     "fuehrerschein driving driver drivers drv fuhrer fuhrerschein fahrerlaubnis conduire conducir conducao motorista guida rijbewijs jazdy korkort kjorekort korekort ajokortti ridicsky cnh dln dlno habilitacao ehliyet patente"},
    {Concept::kVehicle, "kfzkz "
     "vehicle vehicles veh car cars auto automobile truck motor fahrzeug fahrz kfz pkw vehicule voiture vehiculo coche veiculo carro veicolo automobile voertuig pojazd samochod fordon bil kjoretoy koretoj ajoneuvo vozidlo arac"},
    {Concept::kPlate, "kjennemerke kjennetegn nummerskilt regskylt rekkari rekisteritunnus rendszam inmatriculare inmatric spz ecv registarska tablica tablice gosnomer госномер kennz kfzkz nrrej regn "
     "plt "
     "plate plates licenceplate licenseplate numberplate regplate rego registration reg regno kennzeichen kfzkennzeichen nummernschild immatriculation immat plaque matricula placa placas targa kenteken rejestracja rejestracyjny regnr registreringsnummer nummerplade rekisterinumero spz plaka 车牌 ナンバー licensetag platetag"},
    {Concept::kVin, "vin vinno chassis chassisno fin fahrgestell fahrgestellnummer fahrgestellnr bastidor telaio chassi carrosserie podwozia"},
    {Concept::kUser, "user username usr login logon benutzername nutzername anmeldename identifiant utilisateur usuario utilizador utente nomeutente gebruikersnaam uzytkownik anvandarnamn brukernavn brugernavn uzivatel screenname userid uname loginname account"},
    {Concept::kHandle, "handle twitter instagram insta facebook fb linkedin github tiktok telegram skype snapchat discord slack mastodon social xing wechat weixin lineid kakao nickname nick alias gamertag"},
    {Concept::kIp, "ip ipaddr ipaddress ipv4 ipv6 ipadresse clientip remoteip remoteaddr remotehost clienthost peerhost sourceip srcip hostip lastip ips inet"},
    {Concept::kMac, "mac macaddr macaddress macadresse hwaddr ethernet bssid wifi hardware"},
    {Concept::kImei, "imei meid imsi iccid simno imeisv"},
    {Concept::kDevice, "hwid "
     "android ios device devices dev udid idfa idfv gaid aaid adid androidid advertising devicefingerprint browserfingerprint gerat gerate appareil dispositivo apparaat urzadzenie enhet handset installation install hardwareid"},
    {Concept::kCard, "kreditkarten karten karty creditcards card cards creditcard debitcard cc kreditkarte karte kartennummer kartennr carte tarjeta cartao carta kaart creditcardnumber karta kort kortnummer kartnummer luottokortti ccnum ccno cardno cardnumber cardnum crdno kahao yinhangka yinhangkahao ccnr"},
    {Concept::kPan, "pan primaryaccountnumber cardpan"},
    {Concept::kCvv, "ccv ccv2 "
     "cvv cvc cvv2 cvc2 csc cvn cryptogramme prufziffer prufnummer securitycode cardcode pin pincode"},
    {Concept::kExpiry, "expiry exp expires expiration expire ablauf ablaufdatum gultigbis expiracion caducidad vencimiento validade scadenza vervaldatum wygasa expdt"},
    {Concept::kIban, "iban ibans ibannr bankverbindung ibannumber ibanno kontoverbindung"},
    {Concept::kBank, "debitaccount debitacct creditaccount creditacct payoutaccount payoutacct payeeaccount payeeacct savingsaccount savingsacct checkingaccount checkingacct chequingaccount ach achacct rib bank banks bnk banking banque banco banca banken banka bankkonto bankaccount bankrekening bankowe bankowy banco pankki"},
    {Concept::kAccount, "pix chavepix upi vpa bizum paypal venmo cashapp cashtag zelle swish clabe cbu cvu aliascbu paynow promptpay konta uctu bankgiro plusgiro gyejwa kouza koza zhanghao achacct rib 계좌 口座 账号 账户 rek rachunku rachunki "
     "account acct acc accnt accountno acctno accountnumber konto kontonummer kontonr ktonr kto compte cuenta conta conto rekening rekeningnummer rachunek numerkonta tili ucet clabe hesap kontonummer accno bankkonto"},
    {Concept::kLedger, "gl ledger generalledger sachkonto sachkonten hauptbuch kontenplan kontenrahmen contable contables comptable comptables contabile contabil grootboek grootboekrekening ksiegowe ksiegowy huvudbok"},
    {Concept::kRouting, "routing aba rtn sort sortcode blz bankleitzahl bankcode guichet agencia abi clearing clearingnummer ifsc transit bsb micr"},
    {Concept::kBic, "bic swift biccode swiftcode bicswift"},
    {Concept::kWallet, "wallet btc bitcoin eth ethereum crypto xmr ltc usdt coin blockchain walletaddr walletaddress brieftasche portefeuille cartera carteira portafoglio onchain solana xrp doge"},
    {Concept::kMedical, "medical med medic clinic clinical hospital health mrn krankenakte patientenakte patientennummer medizinische medico medica historia clinica prontuario cartella clinico medisch patientnr medyczna kartoteka journalnr patientjournal emr ehr chartno patientchart patient"},
    {Concept::kRecord, "hist "
     "record rec records file chart akte dossier historial historia prontuario cartella dossiernummer mrn kartoteka journal"},
    {Concept::kInsurance, "imss issste kassennr kassennummer pojistovna pojisteni asigurare forsikringsnr trygdenr cns carteirinha afiliacion afiliado zorgpolis verzekerden verzekerdenr insid krankenkassennr krankenkassennummer "
     "insurance insur ins policy insurer versicherung versicherungs versicherten versichertennummer versnr krankenkasse krankenversicherung kvnr kvnummer krankenversichertennummer assurance mutuelle securite seguro poliza apolice assicurazione polizza tessera verzekering polis ubezpieczenie polisa forsakring forsikring vakuutus medicare medicaid hic mbi coverage subscriber sanitaria "},
    {Concept::kHealth, "disab padecimiento padecimientos dolencia dolencias sintomi sintomo sintomas sintoma symptomes objawy symptomer oireet symptoom klachten beschwerden arznei arzneien arzneimittel mediche ldl hdl egfr creatinine viralload patol patologia patologie patologias enfermedades krankheitsbild besoksorsak betegseg betegsegek boala choroby schorzenie sairaus sykdom sykdommer hastalik alergie allergi allergier intolleranza intolerancia vorerkrankung vorerkrankungen anamnesi anamnese medikasjon ilaclar gyogyszer rxnm rxname dietary unvertraglichkeit comorbidities teshis zhenduan byomei pregnancystatus vaccinestatus hivstatus diagnosis diagnoses diag dx icd icd10 condition conditions disease illness symptom symptoms allergy allergies medication medications meds prescription rx drug dosage treatment therapy surgery procedure vaccine vaccination immunization disability pregnancy pregnant "
                       "hiv std mental psychiatric lab labresult testresult bmi cholesterol glucose pathology prognosis anamnesis chronic diagnose diagnosen krankheit erkrankung symptome allergie allergien medikament medikamente medikation rezept behandlung therapie befund behinderung impfung schwanger "
                       "diagnostic maladie pathologie allergie medicament ordonnance traitement diagnostico enfermedad alergia alergias medicamento medicacion tratamiento doenca medicacao tratamento diagnosi malattia allergie farmaco terapia ziekte aandoening allergieen medicatie behandeling "
                       "diagnoza rozpoznanie choroba alergia lek leki leczenie diagnos sjukdom lakemedel sygdom diagnoosi nemoc"},
    {Concept::kBlood, "grupposang krevni xuexing ketsuekigata blood bloodtype bloodgroup blutgruppe blut groupesanguin sanguin sangre sanguineo sangue sanguigno bloedgroep krwi blodgrupp blodtype kangrubu gruposang groupesang gruppesang"},
    {Concept::kPassword, "securityanswer secretanswer securityanswers secretanswers sicherheitsantwort reponsesecrete respuestasecreta respostasecreta rispostasegreta "
     "psk wpakey presharedkey passkey password passwords passwd pwd pass passw pswd psw passphrase passcode passwort kennwort pw losung motdepasse mdp contrasena contrasenya clave senha palavra passe parola wachtwoord haslo losenord adgangskode passord salasana heslo sifre пароль 密码 パスワード 비밀번호"},
    {Concept::kSecret, "secret secrets scrt clientsecret sharedsecret credential credentials creds geheim geheimnis secreto segredo segreto secreta apisecret appsecret"},
    {Concept::kToken, "resettoken activationtoken verificationtoken confirmationtoken token tokens tok bearer accesstoken refreshtoken authtoken oauth pat apitoken jeton"},
    {Concept::kJwt, "jwt jws idtoken jwttoken"},
    {Concept::kKey, "key keys apikey accesskey secretkey signingkey encryptionkey schlussel cle clave chave chiave sleutel klucz keydata keymaterial"},
    {Concept::kApi, "api auth access app application webhook signing encryption license service servicekey apikey accesskey secretkey oauth auth0 aws stripe"},
    {Concept::kPrivate, "private priv pem rsa ssh pgp gpg privatekey privkey sshkey ed25519"},
    {Concept::kPublic, "public pub publickey pubkey"},
    {Concept::kHash, "hash hashed digest bcrypt argon2 scrypt salt salted pwhash passhash passwordhash pwdhash encrypted crypt"},
    {Concept::kSession, "session sessions sess sid sessionid sessid sessiontoken phpsessid jsessionid sitzung"},
    {Concept::kCookie, "sessionid sessiontoken phpsessid jsessionid cookie cookies"},
    {Concept::kMfa, "mfa otp totp hotp twofactor tfa 2fa authenticator otpsecret totpsecret backupcode recoverycode u2f"},
    {Concept::kSeed, "seed mnemonic seedphrase bip39 seedwords recoveryphrase recoverywords recoverycode recoverycodes recoverykey recoveryseed "
                     "backupphrase backupwords backupcode backupcodes backupkey backupseed walletbackup backupwallet walletrecovery recoverywallet"},
    {Concept::kPhrase, "phrase words mnemonic seedphrase seedwords bip39"},
    {Concept::kConnection, "dburi mongodburi redisuri databaseuri "
     "connection conn connectionstring connstr connstring dsn jdbc odbc connectstring databaseurl dburl dbconn connurl mongouri redisurl dbstring verbindung"},
};

constexpr SchemeWord kSchemes[] = {
    {"ssn", Class::kUsSsn}, {"socialsecurity", Class::kUsSsn}, {"ssno", Class::kUsSsn}, {"socsec", Class::kUsSsn},
    {"itin", Class::kUsItin}, {"nino", Class::kUkNino}, {"ni", Class::kUkNino}, {"nin", Class::kUkNino}, {"nationalinsurance", Class::kUkNino},
    {"nhs", Class::kUkNhs}, {"nhsno", Class::kUkNhs}, {"steuerid", Class::kDeTaxId}, {"steueridentifikationsnummer", Class::kDeTaxId}, {"idnr", Class::kDeTaxId},
    {"steuerident", Class::kDeTaxId}, {"steuernummer", Class::kTaxId}, {"steuernr", Class::kTaxId}, {"svnr", Class::kNationalId}, {"rvnr", Class::kNationalId}, {"svnummer", Class::kNationalId},
    {"sozialversicherungsnummer", Class::kNationalId}, {"rentenversicherungsnummer", Class::kNationalId},
    {"nir", Class::kFrNir}, {"insee", Class::kFrNir}, {"secu", Class::kFrNir}, {"numsecu", Class::kFrNir}, {"nss", Class::kFrNir},
    {"dni", Class::kEsDni}, {"nie", Class::kEsDni}, {"nif", Class::kEsDni}, {"codicefiscale", Class::kItCodiceFiscale}, {"codfisc", Class::kItCodiceFiscale}, {"codfiscale", Class::kItCodiceFiscale}, {"cf", Class::kItCodiceFiscale},
    {"bsn", Class::kNlBsn}, {"burgerservicenummer", Class::kNlBsn}, {"sofi", Class::kNlBsn}, {"sofinummer", Class::kNlBsn}, {"pesel", Class::kPlPesel}, {"personnummer", Class::kSePersonnummer}, {"pnr", Class::kSePersonnummer}, {"persnr", Class::kSePersonnummer},
    {"cpf", Class::kBrCpf}, {"cnpj", Class::kBrCnpj}, {"aadhaar", Class::kInAadhaar}, {"aadhar", Class::kInAadhaar}, {"adhaar", Class::kInAadhaar}, {"uidai", Class::kInAadhaar},
    {"sin", Class::kCaSin}, {"tfn", Class::kAuTfn}, {"taxfile", Class::kAuTfn}, {"curp", Class::kMxCurp}, {"rfc", Class::kTaxId}, {"nip", Class::kTaxId}, {"regon", Class::kTaxId},
    {"cpr", Class::kNationalId}, {"cprnr", Class::kNationalId}, {"hetu", Class::kNationalId}, {"henkilotunnus", Class::kNationalId}, {"fodselsnummer", Class::kNationalId}, {"fnr", Class::kNationalId},
    {"rijksregister", Class::kNationalId}, {"rijksregisternummer", Class::kNationalId}, {"ahv", Class::kNationalId}, {"avs", Class::kNationalId}, {"ahvnr", Class::kNationalId}, {"rodnecislo", Class::kNationalId}, {"rc", Class::kNationalId},
    {"tckn", Class::kNationalId}, {"tckimlik", Class::kNationalId}, {"kimlik", Class::kNationalId}, {"rrn", Class::kNationalId}, {"nric", Class::kNationalId}, {"hkid", Class::kNationalId}, {"pps", Class::kNationalId}, {"ppsn", Class::kNationalId},
    {"sfzh", Class::kNationalId}, {"sfzhm", Class::kNationalId}, {"zjhm", Class::kNationalId}, {"adoazonosito", Class::kTaxId}, {"adojel", Class::kTaxId}, {"adoazonositojel", Class::kTaxId}, {"vatandaslik", Class::kNationalId}, {"oib", Class::kNationalId}, {"cnp", Class::kNationalId}, {"egn", Class::kNationalId}, {"amka", Class::kNationalId}, {"isikukood", Class::kNationalId}, {"jmbg", Class::kNationalId}, {"snils", Class::kNationalId}, {"inn", Class::kTaxId}, {"cuil", Class::kTaxId}, {"cuit", Class::kTaxId}, {"rut", Class::kNationalId}, {"rg", Class::kNationalId},
    {"mynumber", Class::kNationalId}, {"nationalid", Class::kNationalId}, {"nid", Class::kNationalId}, {"voterid", Class::kNationalId}, {"numss", Class::kFrNir}, {"tcno", Class::kNationalId}, {"sfz", Class::kNationalId}, {"idcard", Class::kNationalId}, {"personalausweis", Class::kPassport}, {"personalausweisnummer", Class::kPassport}, {"ausweisnr", Class::kPassport}, {"ausweisnummer", Class::kPassport}, {"dowod", Class::kPassport},
    {"dowodu", Class::kPassport}, {"dowodu_osobistego", Class::kPassport}, {"persnummer", Class::kNationalId}, {"shenfenzheng", Class::kNationalId}, {"jumin", Class::kNationalId}, {"ktp", Class::kNationalId}, {"nik", Class::kNationalId}, {"cccd", Class::kNationalId}, {"cmnd", Class::kNationalId}, {"adoszam", Class::kTaxId}, {"tajszam", Class::kNationalId}, {"cedula", Class::kNationalId}, {"cnic", Class::kNationalId}, {"nrc", Class::kNationalId}, {"ein", Class::kTaxId}, {"tin", Class::kTaxId}, {"taxid", Class::kTaxId}, {"身份证", Class::kNationalId}, {"マイナンバー", Class::kNationalId}, {"주민등록", Class::kNationalId}, {"снилс", Class::kNationalId}, {"инн", Class::kTaxId},
    {"nhc", Class::kMedicalRecord}, {"mrno", Class::kMedicalRecord}, {"ssnbr", Class::kUsSsn}, {"nhi", Class::kMedicalRecord}, {"kknr", Class::kHealthInsurance}, {"kknummer", Class::kHealthInsurance}, {"αμκα", Class::kNationalId}, {"αφμ", Class::kTaxId}, {"個人番号", Class::kNationalId}, {"주민번호", Class::kNationalId}, {"आधार", Class::kInAadhaar}, {"szemelyiszam", Class::kNationalId}, {"іпн", Class::kTaxId}, {"ріпн", Class::kTaxId}, {"рнокпп", Class::kTaxId}, {"emso", Class::kNationalId}, {"kennitala", Class::kNationalId}, {"mykad", Class::kNationalId},
    {"nino1", Class::kUkNino}, {"ninumber", Class::kUkNino}, {"contribuinte", Class::kTaxId}, {"pis", Class::kNationalId}, {"mrn", Class::kMedicalRecord}, {"patientennummer", Class::kMedicalRecord}, {"patientennr", Class::kMedicalRecord}, {"patientnr", Class::kMedicalRecord}, {"versichertennummer", Class::kHealthInsurance}, {"versichertennr", Class::kHealthInsurance}, {"kvnr", Class::kHealthInsurance}, {"mbi", Class::kHealthInsurance}, {"imei", Class::kImei}, {"vin", Class::kVehicleId},
};
// clang-format on

}  // namespace

std::span<const DictionaryLine> number_words() { return kLines; }
std::span<const SchemeWord> scheme_words() { return kSchemes; }

}  // namespace sluice::privacy
